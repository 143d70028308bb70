using System.Data.Common;
using System.Diagnostics;
using System.Security.Cryptography;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Licensing.Host.Database;

/// <summary>Gives the host its database: the one it is told of, or its own.</summary>
internal static class DatabaseSetup
{
    /// <summary>A connection string to any other server; the embedded one is then not started.</summary>
    public const string ConnectionVariable = "LICENSING_POSTGRES";

    // What is gathered asks for one or two at a time, each caller that sends many for two more; who finds none waits or goes alone.
    private const int MostGathered = 16;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    extension(IHostApplicationBuilder host)
    {
        /// <summary>
        /// What brings the database to this version's schema: by the only pool there is, where nobody says which one owns the schemas.
        /// </summary>
        public void AddMigrations()
        {
            host.Services.TryAddSingleton(services => new SchemaOwner(services.GetRequiredService<NpgsqlDataSource>()));
            host.Services.AddSingleton<Migrator>();
        }
    }

    extension(WebApplicationBuilder builder)
    {
        public string DataFolder => builder.Configuration["Data:Folder"] ?? ".data";

        /// <summary>The embedded server when it is used, for the caller to stop after the host.</summary>
        public async Task<EmbeddedPostgres?> AddDatabaseAsync(Action<string> say, CancellationToken ct)
        {
            builder.AddMasterKey();
            var given = builder.Configuration.GetConnectionString("Licensing") is { Length: > 0 } configured
                ? configured
                : Environment.GetEnvironmentVariable(ConnectionVariable);
            if (!string.IsNullOrEmpty(given))
            {
                await builder.AddDataSourceAsync(given, say, ct);
                return null;
            }

            var settings = new EmbeddedPostgresSettings(
                builder.Configuration["Database:Embedded:Folder"] ?? Path.Combine(builder.DataFolder, "postgres"),
                builder.Configuration["Database:Embedded:BinFolder"]);
            var server = await EmbeddedPostgres.StartAsync(settings, say, ct);
            await builder.AddDataSourceAsync(server.ConnectionString, say, ct);
            return server;
        }

        /// <summary>Pools on one database: one that owns the schemas, and those that work as a role with fewer rights.</summary>
        public async Task AddDataSourceAsync(string connectionString, Action<string> say, CancellationToken ct)
        {
            string? role = null;
            if (builder.Configuration.GetValue("Database:ApplicationRole", true))
            {
                await using var owner = NpgsqlDataSource.Create(connectionString);
                role = await ApplicationRole.EnsureAsync(owner, ct);
                // A pooler in between may drop start-up options without a word.
                if (role is not null && !await IsAsync(Under(connectionString, role), role, ct))
                    role = null;
                if (role is null)
                    say($"No connection here works as the role {ApplicationRole.Name} (the user may not, or a pooler drops start-up options), "
                        + "so only triggers keep the audit trail from being changed.");
            }

            var working = Patient(Prepared(connectionString), role, builder.Configuration.GetValue("Database:IdleInTransaction", Idle));
            builder.Services.AddSingleton(services => Build(services, working, "licensing", role));
            builder.Services.AddKeyedSingleton("gathered", (services, _) => Build(services, Few(working, role), "licensing-gathered", role));
            builder.Services.AddSingleton(services => new GatheredDatabase(services.GetRequiredKeyedService<NpgsqlDataSource>("gathered")));
            // Few connections, and gone soon: it is asked at the start and by hand.
            builder.Services.AddKeyedSingleton("owner", (services, _) => Build(services, connectionString, "licensing-owner", role: null));
            builder.Services.AddSingleton(services => new SchemaOwner(services.GetRequiredKeyedService<NpgsqlDataSource>("owner")));
        }

        private static NpgsqlDataSource Build(IServiceProvider services, string connectionString, string name, string? role)
        {
            var source = new NpgsqlDataSourceBuilder(role is null ? connectionString : Under(connectionString, role));
            source.ConnectionStringBuilder.ApplicationName = "licensing";
            // Names the pool in metrics, where the connection string would stand else.
            source.Name = name;
            // What the relay asks every second belongs to no request and would bury the traces.
            source.ConfigureTracing(tracing => tracing
                .ConfigureCommandFilter(_ => Activity.Current is not null)
                .ConfigureBatchFilter(_ => Activity.Current is not null));
            source.UseLoggerFactory(services.GetRequiredService<ILoggerFactory>());
            return source.Build();
        }

        // The same statements come again and again, and to plan each anew costs more than most of them; a pooler that cannot keep prepared
        // statements is told of by Max Auto Prepare=0. Nothing here leaves a session changed, so none needs to be reset when it comes back.
        private static string Prepared(string connectionString)
        {
            var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
            var connection = new NpgsqlConnectionStringBuilder(connectionString);
            if (!given.ContainsKey("Max Auto Prepare") && !given.ContainsKey("MaxAutoPrepare"))
                connection.MaxAutoPrepare = 200;
            if (connection.MaxAutoPrepare > 0)
                connection.NoResetOnClose = true;
            return connection.ConnectionString;
        }

        // A host that stands still in the middle of a transaction, or whose machine is gone without a word, keeps its locks from all others;
        // none has anything to do for so long between two statements.
        private static string Patient(string connectionString, string? role, TimeSpan idle)
        {
            var connection = new NpgsqlConnectionStringBuilder(connectionString);
            if (role is not null && idle > TimeSpan.Zero)
                connection.Options = $"{connection.Options} -c idle_in_transaction_session_timeout={(long)idle.TotalMilliseconds}".Trim();
            return connection.ConnectionString;
        }

        // What is gathered is asked with lists of any length, and what is best for one is for all: to plan it anew for each length is most
        // of what it costs.
        // Only where start-up options are known to arrive, as the role is one.
        private static string Few(string connectionString, string? role)
        {
            var connection = new NpgsqlConnectionStringBuilder(connectionString);
            if (role is not null)
                connection.Options = $"{connection.Options} -c plan_cache_mode=force_generic_plan".Trim();
            connection.MaxPoolSize = Math.Min(connection.MaxPoolSize, MostGathered);
            connection.MinPoolSize = Math.Min(connection.MinPoolSize, connection.MaxPoolSize);
            return connection.ConnectionString;
        }

        // As a start-up option, because what is set later the pool resets.
        private static string Under(string connectionString, string role)
        {
            var connection = new NpgsqlConnectionStringBuilder(connectionString);
            connection.Options = $"{connection.Options} -c role={role}".Trim();
            return connection.ConnectionString;
        }

        private static async Task<bool> IsAsync(string connectionString, string role, CancellationToken ct)
        {
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("select current_user");
            try
            {
                return (string)(await command.ExecuteScalarAsync(ct))! == role;
            }
            catch (PostgresException)
            {
                return false;
            }
        }

        // A host that finds no key makes one next to its data; with a database of its own choosing the operator brings the key along.
        private void AddMasterKey()
        {
            if (!string.IsNullOrEmpty(builder.Configuration["Security:MasterKey"]))
                return;
            Directory.CreateDirectory(builder.DataFolder);
            var file = Path.Combine(builder.DataFolder, "master.key");
            if (!File.Exists(file))
            {
                // Written aside and moved, so that two hosts that start together agree on one key.
                var aside = $"{file}.{Environment.ProcessId}";
                var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                using (var writer = new StreamWriter(aside, options))
                    writer.Write(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
                try
                {
                    File.Move(aside, file, overwrite: false);
                }
                catch (IOException) when (File.Exists(file))
                {
                    File.Delete(aside);
                }
            }

            builder.Configuration["Security:MasterKey"] = File.ReadAllText(file).Trim();
        }
    }
}

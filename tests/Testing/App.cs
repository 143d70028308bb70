using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Licensing.Host;
using Licensing.Host.Database;
using Licensing.Kernel;
using Licensing.Kernel.Mail;
using Licensing.Kernel.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Licensing.Testing;

/// <summary>
/// The real host on a real database of its own, with a clock that stands still and a relay that runs when it is drained. A class
/// fixture: tests share it and each makes an organisation of its own.
/// </summary>
public class App : IAsyncLifetime
{
    public const string MasterKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    public const string AdministratorEmail = "admin@platform.example";
    public const string AdministratorPassword = "correct horse battery staple";
    private const string AccessHeader = "X-Test-Access";

    private WebApplication? _host;
    private string? _connectionString;

    public ManualClock Clock { get; } = new(new DateTimeOffset(2026, 1, 15, 9, 0, 0, TimeSpan.Zero));

    /// <summary>Every letter that was sent.</summary>
    public Mailbox Mailbox { get; } = new();

    public IServiceProvider Services => _host!.Services;

    /// <summary>Whether it listens on the loopback, by the machine's clock, for programs that are not ours.</summary>
    protected virtual bool IsLive => false;

    /// <summary>The clock of one that is live; null is the host's own.</summary>
    protected virtual TimeProvider? LiveClock => null;

    /// <summary>The present instant, as the host has it.</summary>
    public DateTimeOffset Now => (IsLive ? LiveClock ?? Services.GetRequiredService<TimeProvider>() : Clock).GetUtcNow();

    /// <summary>Where it listens, if it does.</summary>
    public Uri Address => new(_host!.Urls.Single());

    /// <summary>Base of every client; unless it is live, nothing listens on it.</summary>
    public HttpClient Anonymous() => IsLive ? new HttpClient { BaseAddress = Address } : _host!.GetTestClient();

    /// <summary>A caller with <paramref name="role"/> held at the node of <paramref name="path"/>, without going through a log-in.</summary>
    public HttpClient As(string role, Guid organizationId, string path)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Add(AccessHeader, $"{role};{organizationId};{path}");
        return client;
    }

    /// <summary>
    /// Settings of its own, read before the modules are added. With an SMTP host among them letters go there and not to the mailbox.
    /// </summary>
    protected virtual IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>();

    /// <summary>Changes what the host is made of, for a test that needs a part replaced at the edge.</summary>
    protected virtual void Configure(WebApplicationBuilder builder)
    {
    }

    /// <summary>Endpoints beside those of the modules, for a test of what holds on every endpoint.</summary>
    protected virtual void Map(IEndpointRouteBuilder routes)
    {
    }

    public virtual async ValueTask InitializeAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        _connectionString = await TestPostgres.CloneAsync(TemplateKey(), PrepareTemplateAsync, ct);
        _host = await BuildAsync(_connectionString, IsLive);
        await _host.StartAsync(ct);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_host is not null)
            await _host.DisposeAsync();
        if (_connectionString is not null)
            await TestPostgres.DropAsync(_connectionString);
    }

    /// <summary>Delivers every message that is due, and those that handling them publishes.</summary>
    public async Task DrainAsync()
    {
        var relay = Services.GetRequiredService<MessageRelay>();
        while (await relay.DeliverDueAsync(TestContext.Current.CancellationToken) > 0)
        {
        }
    }

    /// <summary>Another host on the same database, as a second process would be.</summary>
    /// <param name="connections">How many connections it may have at once; with few a request that takes two at a time cannot be answered.</param>
    /// <param name="seconds">How long a statement may take that says nothing of its own; what is longer at work can be seen to be so soon.</param>
    public async Task<SecondHost> StartSecondHostAsync(int? connections = null, int? seconds = null)
    {
        var asked = new NpgsqlConnectionStringBuilder(_connectionString);
        if (connections is { } most)
            (asked.MaxPoolSize, asked.Timeout) = (most, 10);
        if (seconds is { } patience)
            asked.CommandTimeout = patience;
        var host = await BuildAsync(asked.ConnectionString, IsLive);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new SecondHost(host);
    }

    /// <summary>Arranges or inspects a module's rows without going through its API.</summary>
    public async Task<T> InAsync<TService, T>(Func<TService, Task<T>> work) where TService : notnull
    {
        await using var scope = Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await work(scope.ServiceProvider.GetRequiredService<TService>());
    }

    private async Task PrepareTemplateAsync(string connectionString)
    {
        // By the clock of the tests also for one that lives by the machine's: others clone it too, whose clock would be behind its signing key.
        await using var host = await BuildAsync(connectionString, isLive: false);
        await host.Services.GetRequiredService<Migrator>().ApplyAsync(CancellationToken.None);
        await host.PrepareAsync(CancellationToken.None);
    }

    private async Task<WebApplication> BuildAsync(string connectionString, bool isLive)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                EnvironmentName = "Testing",
                ApplicationName = "Licensing.Host",
                Args = ["--hostBuilder:reloadConfigOnChange=false"]
            });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Security:MasterKey"] = MasterKey,
            ["Messaging:InBackground"] = "false",
            ["Platform:AdministratorPassword"] = AdministratorPassword,
            ["Security:PasswordIterations"] = "1000",
            // All tests of a host come from one address, and its clock, by which buckets are filled again, stands still.
            ["Limits:AnonymousBurst"] = "100000",
            ["Limits:Burst"] = "100000",
            // So does whatever is kept for seconds.
            ["Usage:TargetsStay"] = "00:00:00",
        });
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.Logging.ClearProviders();
        if (isLive)
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        else
            builder.WebHost.UseTestServer();
        await builder.AddDataSourceAsync(connectionString, Console.Error.WriteLine, CancellationToken.None);
        builder.AddLicensing();
        if ((isLive ? LiveClock : Clock) is { } clock)
        {
            builder.Services.RemoveAll<TimeProvider>();
            builder.Services.AddSingleton(clock);
        }

        if (builder.Configuration["Mail:Smtp:Host"] is null)
        {
            builder.Services.RemoveAll<IMailSender>();
            builder.Services.AddSingleton<IMailSender>(Mailbox);
        }

        Configure(builder);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Headers[AccessHeader].ToString() is { Length: > 0 } said)
                context.RequestServices.GetRequiredService<Principal>().Become(
                    AccessOf(said, context.RequestServices.GetRequiredService<PermissionCatalog>()));
            return next(context);
        });
        app.UseLicensing();
        Map(app);
        return app;
    }

    private static Access AccessOf(string said, PermissionCatalog permissions)
    {
        var (role, organization, path) = said.Split(';') is [var r, var o, var p] ? (r, Guid.Parse(o), p) : throw new FormatException(said);
        return new Access
        {
            Kind = PrincipalKind.User,
            Id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(said)).AsSpan(0, 16)),
            Name = $"{role}@{path}",
            OrganizationId = organization,
            Path = path,
            Grants = [new Grant(role, organization, path, permissions.HeldBy(role).ToFrozenSet(StringComparer.Ordinal))],
        };
    }

    // The template is as old as what it was made from.
    private static string TemplateKey()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "Licensing.*.dll").Order(StringComparer.Ordinal)
            .Where(f => !f.EndsWith(".Tests.dll", StringComparison.Ordinal)))
            hash.AppendData(System.Reflection.Assembly.LoadFrom(file).ManifestModule.ModuleVersionId.ToByteArray());
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }
}

/// <summary>A second process of the same system, with a relay of its own.</summary>
public sealed class SecondHost(WebApplication host) : IAsyncDisposable
{
    public IServiceProvider Services => host.Services;

    public HttpClient Anonymous() => host.GetTestClient();

    /// <summary>As <see cref="App.DrainAsync"/>, by this process.</summary>
    public async Task DrainAsync()
    {
        var relay = host.Services.GetRequiredService<MessageRelay>();
        while (await relay.DeliverDueAsync(TestContext.Current.CancellationToken) > 0)
        {
        }
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();
}

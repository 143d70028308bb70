using System.Reflection;
using System.Text.Json;
using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Kernel.Mail;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Licensing.Kernel;

/// <summary>What the kernel knows of a module: its schema and where its code and SQL files are.</summary>
public sealed record ModuleDefinition(string Schema, Assembly Assembly, Type Db);

/// <summary>
/// What a module puts into a migrated database before the first request. Runs at every start, on several hosts at once, so it
/// must change nothing the second time.
/// </summary>
public interface IPreparation
{
    Task PrepareAsync(CancellationToken ct);
}

public sealed class ModuleBuilder<TDb>(IHostApplicationBuilder host, string schema) where TDb : ModuleDb
{
    public IServiceCollection Services => host.Services;

    /// <summary>Runs <typeparamref name="THandler"/> once per message, in one transaction with the rows it changes.</summary>
    public ModuleBuilder<TDb> On<TMessage, THandler>() where TMessage : notnull where THandler : class, IHandle<TMessage>
    {
        host.Services.AddScoped<THandler>();
        host.Services.AddSingleton(new Subscriber(
            MessageAttribute.NameOf(typeof(TMessage)), $"{schema}.{SnakeCase.Of(typeof(THandler).Name)}", schema,
            (services, body, ct) => services.GetRequiredService<THandler>().HandleAsync(
                JsonSerializer.Deserialize<TMessage>(body, StoredJson.Options)!, ct)));
        return this;
    }

    /// <summary>What breaking a unique key means, when two callers raced past the handler's own check.</summary>
    public ModuleBuilder<TDb> OnConstraint(string constraint, Refusal refusal)
    {
        host.Services.AddSingleton(new ConstraintRefusal(constraint, refusal));
        return this;
    }

    /// <summary>Adds a command to the terminal.</summary>
    public ModuleBuilder<TDb> Ops(OpsCommand command)
    {
        host.Services.AddSingleton(command);
        return this;
    }
}

public static class ModuleRegistration
{
    extension(IHostApplicationBuilder host)
    {
        /// <summary>The parts that every module has: its context, its slices and validators, its migrations, its messages.</summary>
        public ModuleBuilder<TDb> AddModule<TDb>(string schema, IEnumerable<Permission> permissions) where TDb : ModuleDb
        {
            var assembly = typeof(TDb).Assembly;
            host.Services.AddSingleton(new ModuleDefinition(schema, assembly, typeof(TDb)));
            // To make a context costs a hundred times what it costs to take one that another request has left.
            host.Services.AddPooledDbContextFactory<TDb>(options => options.UseNpgsql(), poolSize: 128);
            host.Services.AddScoped(services =>
                (TDb)services.GetRequiredService<IDbContextFactory<TDb>>().CreateDbContext().In(services.GetRequiredService<DbSession>()));
            // For who mostly finds an answer in memory: to make a context costs more than that.
            host.Services.AddScoped<Func<TDb>>(services => services.GetRequiredService<TDb>);
            foreach (var permission in permissions)
                host.Services.AddSingleton(permission);

            foreach (var type in assembly.GetTypes().Where(t => t is { IsAbstract: false, IsGenericTypeDefinition: false }))
                foreach (var contract in type.GetInterfaces().Where(i => i.IsGenericType))
                    if (contract.GetGenericTypeDefinition() == typeof(IRequestHandler<,>))
                        host.Services.AddTransient(contract, type);
                    else if (contract.GetGenericTypeDefinition() == typeof(IHandleTogether<,>))
                        host.Services.AddScoped(contract, type);
                    else if (contract.GetGenericTypeDefinition() == typeof(IValidator<>))
                        host.Services.AddSingleton(contract, type);

            return new ModuleBuilder<TDb>(host, schema);
        }

        /// <summary>What modules stand on; call once, before the modules.</summary>
        public void AddKernel()
        {
            var services = host.Services;
            services.TryAddSingleton<TimeProvider>(new MicrosecondClock());
            services.AddSingleton<PermissionCatalog>();
            services.AddSingleton(_ => BillingCalendar.TryCreate(host.Configuration["Billing:TimeZone"] ?? "UTC", out var calendar)
                ? calendar
                : throw new InvalidOperationException($"Billing:TimeZone '{host.Configuration["Billing:TimeZone"]}' is not a time zone."));
            services.AddSingleton<SubscriberRegistry>();
            services.AddSingleton<MessageWaker>();
            services.TryAddSingleton(provider => new GatheredDatabase(provider.GetRequiredService<Npgsql.NpgsqlDataSource>()));
            AddMessaging(host);
            services.AddSingleton<LostRaces>();
            services.AddScoped<Principal>();
            services.AddScoped<DbSession>();
            services.AddScoped<AuditTrail>();
            services.AddScoped<Operations.OperationLog>();
            services.AddTransient<
                IRequestHandler<Operations.GetOperation.Query, Result<Operations.OperationView>>, Operations.GetOperation.Handler>();
            services.AddScoped<Precondition>();
            services.AddSingleton<SecretBox>();
            services.AddSingleton<Post>();
            services.AddSingleton<SentLetters>();
            services.AddScoped<ServiceFactory>(provider => provider.GetService!);
            services.AddScoped<IMediator, Mediator>();
            services.AddScoped<ISender, MediatorSender>();
            services.AddTransient(typeof(IPipelineBehavior<,>), typeof(AuthorizationBehavior<,>));
            services.AddTransient(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>));
            services.AddSingleton(typeof(TogetherQueue<,>));
            services.AddTransient(typeof(IPipelineBehavior<,>), typeof(TogetherBehavior<,>));
            services.AddTransient(typeof(IPipelineBehavior<,>), typeof(UnitOfWorkBehavior<,>));
        }
    }

    private static void AddMessaging(IHostApplicationBuilder host)
    {
        var services = host.Services;
        services.AddMetrics();
        services.TryAddSingleton(Random.Shared);
        var settings = host.Configuration.GetSection("Messaging").Get<MessagingSettings>() ?? new MessagingSettings();
        services.AddSingleton(settings);
        services.AddSingleton<MessageDelivery>();
        services.AddSingleton<MessageBacklog>();
        services.AddSingleton<MessageMeter>();
        services.AddSingleton<OutboxInspector>();
        services.AddSingleton<MessageRelay>();
        services.AddSingleton<Housekeeping>();
        if (!settings.InBackground)
            return;
        services.AddHostedService(provider => provider.GetRequiredService<MessageRelay>());
        services.AddHostedService<MessageNotifier>();
        services.AddHostedService(provider => provider.GetRequiredService<Housekeeping>());
    }

    extension(IServiceProvider services)
    {
        /// <summary>Every command and query type of every module; the start-up check and the tests walk them.</summary>
        public IEnumerable<Type> RequestTypes() => services.GetServices<ModuleDefinition>()
            .SelectMany(m => m.Assembly.GetTypes())
            .Where(t => t is { IsAbstract: false }
                && t.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequest<>)));
    }
}

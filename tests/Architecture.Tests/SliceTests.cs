using System.Reflection;
using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Architecture.Tests;

/// <summary>Rules that hold for every slice of every module, read from the composed host.</summary>
public sealed class SliceTests(App app) : IClassFixture<App>
{
    private static readonly string[] Banned = ["Manager", "Helper", "Util", "Utils", "Service", "Processor", "Dto", "Impl", "Base", "Common", "Info"];

    [Fact]
    public void Every_request_declares_who_may_send_it_and_names_a_declared_permission() =>
        Should.NotThrow(() => RequestPolicy.Verify(app.Services.RequestTypes(), app.Services.GetRequiredService<PermissionCatalog>()));

    [Fact]
    public void A_request_without_a_policy_is_refused_at_start_up() =>
        Should.Throw<InvalidOperationException>(
            () => RequestPolicy.Verify([typeof(Undeclared)], app.Services.GetRequiredService<PermissionCatalog>()))
            .Message.ShouldContain(nameof(Undeclared));

    [Fact]
    public void A_request_with_an_unknown_permission_is_refused_at_start_up() =>
        Should.Throw<InvalidOperationException>(() => RequestPolicy.Verify([typeof(Mistyped)], app.Services.GetRequiredService<PermissionCatalog>()))
            .Message.ShouldContain("no.such.permission");

    [Fact]
    public void Every_permission_is_needed_by_some_request()
    {
        // Asked within a slice: it widens what opening a subscription may do.
        var needed = app.Services.RequestTypes().Select(t => RequestPolicy.Of(t).Permission).OfType<string>()
            .Append("provisioning.subscriptions.backdate").ToHashSet();

        app.Services.GetRequiredService<PermissionCatalog>().All.Keys.Except(needed).ShouldBeEmpty();
    }

    [Fact]
    public void Every_api_route_is_a_slice_with_a_unique_name()
    {
        var routes = Routes().Where(r => r.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal)).ToList();

        routes.Where(r => r.Metadata.GetMetadata<SliceMetadata>() is null).Select(r => r.DisplayName).ShouldBeEmpty();
        routes.Select(r => r.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName).ShouldBeUnique();
    }

    [Fact]
    public void What_shows_a_secret_is_not_done_in_a_log_in_that_someone_else_opened() =>
        Routes().Where(r => r.Metadata.GetMetadata<CarriesSecret>() is not null)
            .Select(r => r.Metadata.GetMetadata<SliceMetadata>()!).Where(s => !s.Policy.Anyone && !s.Policy.InPerson).Select(s => s.Request.FullName)
                .ShouldBeEmpty();

    // A group has one transaction and one caller, who is not held, nor asked again what he may (ITogether).
    [Fact]
    public void What_is_carried_out_together_outlives_no_credential_and_takes_or_gives_nobody_anything()
    {
        var together = app.Services.RequestTypes().Where(t => t.IsAssignableTo(typeof(ITogether))).ToList();

        together.ShouldNotBeEmpty();
        together.Where(NeedsItsCallerHeld).Select(t => t.FullName).ShouldBeEmpty();
        // Who gives a role, or takes one, needs what administers.
        app.Services.RequestTypes().Count(NeedsItsCallerHeld).ShouldBeGreaterThan(30);
        NeedsItsCallerHeld(typeof(Giving)).ShouldBeTrue();
        NeedsItsCallerHeld(typeof(InTheFlesh)).ShouldBeTrue();
        NeedsItsCallerHeld(typeof(Shutting)).ShouldBeTrue();
    }

    [Fact]
    public async Task Of_the_steps_of_modules_a_group_leaves_out_none_but_the_one_that_holds_its_caller()
    {
        foreach (var request in app.Services.RequestTypes().Where(t => t.IsAssignableTo(typeof(ITogether))))
        {
            var response = request.GetInterfaces()
                .Single(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IRequest<>)).GenericTypeArguments[0];
            await using var scope = app.Services.CreateAsyncScope();
            var steps = scope.ServiceProvider.GetServices(typeof(IPipelineBehavior<,>).MakeGenericType(request, response))
                .Select(s => s!.GetType()).ToList();

            steps.Where(s => s.Assembly != typeof(ICommand).Assembly).Select(s => s.GetGenericTypeDefinition()).ShouldBe([typeof(HoldCaller<,>)]);
        }
    }

    private static bool NeedsItsCallerHeld(Type request) =>
        request.IsAssignableTo(typeof(IConcerns)) || (request.IsAssignableTo(typeof(ICommand)) && LastingEffect.IsOf(RequestPolicy.Of(request)));

    [Fact]
    public void No_type_has_a_name_that_says_nothing() =>
        OurTypes().Where(t => Banned.Any(b => t.Name.EndsWith(b, StringComparison.Ordinal))).Select(t => t.FullName).ShouldBeEmpty();

    [Fact]
    public async Task Rules_do_not_read_the_clock_or_the_database()
    {
        await using var scope = app.Services.CreateAsyncScope();
        var entities = app.Services.GetServices<ModuleDefinition>()
            .SelectMany(m => ((DbContext)scope.ServiceProvider.GetRequiredService(m.Db)).Model.GetEntityTypes().Select(e => e.ClrType)).Distinct();

        entities.SelectMany(e => e.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
            .Where(f => typeof(TimeProvider).IsAssignableFrom(f.FieldType) || typeof(DbContext).IsAssignableFrom(f.FieldType)
                || f.FieldType == typeof(DbSession))
            .Select(f => $"{f.DeclaringType!.Name}.{f.Name}").ShouldBeEmpty();
    }

    [Fact]
    public void Migrations_name_only_their_own_schema()
    {
        var modules = app.Services.GetServices<ModuleDefinition>().ToList();

        var trespasses = modules.SelectMany(
            m => m.Assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).SelectMany(n =>
        {
            using var reader = new StreamReader(m.Assembly.GetManifestResourceStream(n)!);
            var sql = reader.ReadToEnd();
            return modules.Where(other => other != m && sql.Contains($"{other.Schema}.", StringComparison.OrdinalIgnoreCase))
                .Select(other => $"{n} names {other.Schema}");
        }));

        trespasses.ShouldBeEmpty();
    }

    private IEnumerable<RouteEndpoint> Routes() => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static IEnumerable<Type> OurTypes() => Directory.GetFiles(AppContext.BaseDirectory, "Licensing.*.dll")
        .Select(f => Assembly.Load(Path.GetFileNameWithoutExtension(f))).SelectMany(a => a.GetTypes())
        .Where(t => t.FullName?.StartsWith("Licensing.", StringComparison.Ordinal) == true && !t.Name.Contains('<', StringComparison.Ordinal));

    private sealed record Undeclared : ICommand<Done>;

    [Needs("no.such.permission")]
    private sealed record Mistyped : ICommand<Done>;

    [Needs("identity.users.manage")]
    private sealed record Giving : ICommand<Done>, ITogether
    {
        public bool GoesAlone => false;
    }

    [AnyCaller, InPerson]
    private sealed record InTheFlesh : ICommand<Done>, ITogether
    {
        public bool GoesAlone => false;
    }

    [AnyCaller]
    private sealed record Shutting : ICommand<Done>, ITogether, IConcerns
    {
        public bool GoesAlone => false;
        public Concern? Concern => null;
    }
}

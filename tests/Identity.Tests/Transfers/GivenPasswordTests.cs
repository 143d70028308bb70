using System.Net;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Transfers;

/// <summary>With a tenant's transfer end the passwords that the old partner's people chose, and the tokens that they had mailed.</summary>
public sealed class GivenPasswordTests(App app) : IClassFixture<App>
{
    private const string Given = "quite another pass phrase";
    private static int _last;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_old_partners_people_gave_ends_and_what_the_tenants_own_or_those_above_gave_stays()
    {
        var place = await ArrangeAsync();
        var (agents, first, own, above) = (
            await AddAsync(place, place.Agent, mustChange: false), await AddAsync(place, place.Agent, mustChange: true),
            await AddAsync(place, place.Owner, mustChange: false), await AddAsync(place, place.Above, mustChange: false));
        var chosen = await Person.AddAsync(place.Branch, place.Branch.Tenant, Roles.TenantUser);
        using var open = await agents.ClientAsync();
        (await open.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        await TransferAsync(place);

        (await open.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var ended in new[] { agents, first })
            (await ended.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var kept in new[] { own, above, chosen })
            await kept.LoginAsync();
        // Its owner is not shut out: his address is his.
        await agents.ResetAsync();
        await agents.LoginAsync();
    }

    [Fact]
    public async Task A_password_that_the_customer_area_set_ends()
    {
        var place = await ArrangeAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var person = await Person.AddAsync(place.Branch, place.Branch.Tenant, Roles.TenantAdministrator);
        using var area = await place.Agent.CustomerAreaAsync(app);
        using var set = await area.PostAsync("/customerarea/customers/password", new { customer_code = place.Branch.Tenant.Code, password = Given });
        set.StatusCode.ShouldBe(HttpStatusCode.OK, await set.Content.ReadAsStringAsync(Ct));
        // The tenant's first administrator.
        var owner = place.OwnerPerson with { Password = Given };
        await owner.LoginAsync();

        await TransferAsync(place);

        (await owner.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await person.LoginAsync();
    }

    [Fact]
    public async Task A_token_that_was_mailed_before_is_worthless()
    {
        var place = await ArrangeAsync();
        var email = Address();
        using var invited = await place.Agent.PostAsync(
            "/api/v1/users", new { email, displayName = "Invited", organizationId = place.Branch.Tenant.Id.Value, invite = true });
        invited.StatusCode.ShouldBe(HttpStatusCode.Created);
        await app.DrainAsync();

        await TransferAsync(place);

        using var activated = await app.Anonymous().PostAsync(
            "/api/v1/auth/activation", new { token = app.Mailbox.TokenFor(email), password = Given });
        (await activated.FieldErrorAsync()).Code.ShouldBe("bad_token");
    }

    [Fact]
    public async Task Of_passwords_from_before_that_was_kept_the_trail_tells_who_chose_them()
    {
        var place = await ArrangeAsync();
        var (agents, own) = (await AddAsync(place, place.Agent, mustChange: false), await AddAsync(place, place.Owner, mustChange: false));
        var (changed, reset) = (await AddAsync(place, place.Agent, mustChange: false), await AddAsync(place, place.Agent, mustChange: false));
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        using var client = await changed.ClientAsync();
        (await client.PostAsync("/api/v1/auth/password", new { currentPassword = changed.Password, newPassword = Given })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        await reset.ResetAsync();
        await app.MigrateAgainAsync("0014_hardening.sql", "update identity.users", "update identity.users set password_given_by = null; ");
        await app.MigrateAgainAsync("0015_known_to.sql", "update identity.users", "");

        await TransferAsync(place);

        foreach (var ended in new[] { agents, changed with { Password = Given } })
            (await ended.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var kept in new[] { own, reset })
            await kept.LoginAsync();
    }

    [Fact]
    public async Task A_given_password_ends_when_it_was_changed_since_but_not_by_who_read_his_mail()
    {
        var place = await ArrangeAsync();
        var (changed, reset) = (await AddAsync(place, place.Agent, mustChange: true), await AddAsync(place, place.Agent, mustChange: true));
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        using var client = await changed.ClientAsync();
        using var again = await client.PostAsync("/api/v1/auth/password", new { currentPassword = changed.Password, newPassword = Given });
        using var open = app.Bearer((await again.JsonAsync()).GetProperty("accessToken").GetString()!);
        (await open.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.OK);
        await reset.ResetAsync();

        await TransferAsync(place);

        (await open.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
        (await (changed with { Password = Given }).TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await reset.LoginAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_made_by_who_knew_a_password_ends_however_many_hands_it_went_through(bool fromBefore)
    {
        var place = await ArrangeAsync();
        var puppet = await AddAsync(place, place.Agent, mustChange: false, Roles.TenantAdministrator);
        using var byPuppet = await puppet.ClientAsync();
        var key = await KeyAsync(place, byPuppet);
        using var byKey = app.Bearer(key);
        var client = await RegisterAsync(place, byPuppet);
        var second = await AddAsync(place, byPuppet, mustChange: false, Roles.TenantAdministrator);
        using var bySecond = await second.ClientAsync();
        var (keyOfKey, keyOfSecond) = (await KeyAsync(place, byKey), await KeyAsync(place, bySecond));
        var rotated = await RegisterAsync(place, place.Owner);
        using var rotation = await byPuppet.PostAsync($"{rotated.Path}/secrets", new { });
        rotated = rotated with { Secret = (await rotation.JsonAsync()).GetProperty("secret").GetString() };
        var own = await KeyAsync(place, place.Owner);
        if (fromBefore)
            await app.MigrateAgainAsync(
                "0015_known_to.sql", "with recursive",
                $"{Migrating.ForgetOfSecrets}update identity.api_keys set known_to = '{{}}'; update identity.users set password_known_to = '{{}}'; "
                + "update identity.clients set known_to = array_remove(known_to, "
                + $"(select password_given_by from identity.users where id = '{puppet.Id}')); ");
        else
        {
            // Both are their owners' by now; what was made before is not.
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            await puppet.ResetAsync();
            (await second.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        await TransferAsync(place);

        foreach (var ended in new[] { key, keyOfKey, keyOfSecond })
            (await app.Bearer(ended).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var ended in new[] { client, rotated })
            (await (await ended.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        (await second.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Bearer(own).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        if (!fromBefore)
            await puppet.LoginAsync();
    }

    private static async Task<string> KeyAsync(Place place, HttpClient by)
    {
        var at = place.Branch.Tenant.Id.Value;
        using var answer = await by.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = at, role = Roles.TenantAdministrator });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await answer.JsonAsync()).GetProperty("key").GetString()!;
    }

    private async Task<OAuthClient> RegisterAsync(Place place, HttpClient by)
    {
        var at = place.Branch.Tenant.Id.Value;
        using var answer = await by.PostAsync("/api/v1/clients", new { name = "c", organizationId = at, role = Roles.TenantAdministrator });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var told = await answer.JsonAsync();
        return new OAuthClient(app, told.GetProperty("id").GetGuid(), null, told.GetProperty("secret").GetString(), null);
    }

    private async Task<Person> AddAsync(Place place, HttpClient by, bool mustChange, string role = Roles.TenantUser)
    {
        var (email, password) = (Address(), "some first pass phrase");
        using var answer = await by.PostAsync("/api/v1/users", new
        {
            email,
            displayName = "Somebody",
            organizationId = place.Branch.Tenant.Id.Value,
            role,
            password,
            mustChangePassword = mustChange,
        });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return new Person(app, (await answer.JsonAsync()).GetProperty("id").GetGuid(), email, password);
    }

    private async Task<Place> ArrangeAsync()
    {
        var branch = await app.BranchAsync();
        var owner = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        return new Place(
            branch,
            await app.PartnerAsync(branch.Platform, branch.Distributor),
            await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync(),
            owner,
            await owner.ClientAsync(),
            await (await Person.AddAsync(branch, branch.Distributor, Roles.DistributorAdministrator)).ClientAsync());
    }

    private static async Task TransferAsync(Place place)
    {
        using var distributor = place.Branch.As(Roles.DistributorAdministrator);
        using var answer = await distributor.PostAsync(
            $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}/transfer", new { partnerId = place.To.Id.Value, reason = "sold" });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static string Address() => $"given-{Interlocked.Increment(ref _last)}@example.com";

    private sealed record Place(Branch Branch, OrganizationRef To, HttpClient Agent, Person OwnerPerson, HttpClient Owner, HttpClient Above);
}

internal static class Migrating
{
    /// <summary>As hosts write clients to whom it is one who knows which secret.</summary>
    public const string ForgetOfSecrets =
        """
        update identity.clients set secrets = (select coalesce(jsonb_agg(s - 'knownTo'), '[]') from jsonb_array_elements(secrets) s);
        """;

    extension(App app)
    {
        /// <summary>Forgets what a column says, and fills it as the migration that added it does.</summary>
        public Task<int> MigrateAgainAsync(string file, string statement, string forget) => app.InAsync<SchemaOwner, int>(async owner =>
        {
            var assembly = typeof(IdentityModule).Assembly;
            await using var stream = assembly.GetManifestResourceStream(
                assembly.GetManifestResourceNames().Single(n => n.EndsWith(file, StringComparison.Ordinal)))!;
            using var reader = new StreamReader(stream);
            var migration = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
            var from = migration.IndexOf(statement, StringComparison.Ordinal);
            await using var command = owner.Database.CreateCommand(forget + migration[from..(migration.IndexOf(';', from) + 1)]);
            return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        });
    }
}

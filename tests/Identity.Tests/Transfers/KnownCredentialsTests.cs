using System.Net;
using System.Security.Cryptography;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Transfers;

/// <summary>With a tenant's transfer ends what the old partner's people know or gave, and nothing else.</summary>
public sealed class KnownCredentialsTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Clients_end_that_the_old_partners_people_made_or_were_shown_a_secret_of()
    {
        var place = await ArrangeAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var brought = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (agents, own) = (await RegisterAsync(place, place.Agent), await RegisterAsync(place, place.Owner));
        var above = await RegisterAsync(place, place.Above);
        var rotated = await RotateAsync(await RegisterAsync(place, place.Owner), place.Agent);
        var takenBack = await RotateAsync(await RotateAsync(await RegisterAsync(place, place.Owner), place.Agent), place.Owner, overlapHours: 0);
        var lent = await RegisterAsync(place, place.Owner, key);
        (await place.Agent.SendAsync(HttpMethod.Patch, lent.Path, new { publicKeyPem = brought.ExportSubjectPublicKeyInfoPem() })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        using var agentsBearer = app.Bearer(await agents.TokenAsync());
        (await agentsBearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        await TransferAsync(place);

        (await agentsBearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var ended in new[] { agents, rotated, lent with { Key = brought } })
            (await (await ended.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        foreach (var kept in new[] { own, above, takenBack })
            await kept.TokenAsync();
    }

    [Fact]
    public async Task Keys_end_that_the_old_partners_people_made_or_rotated_or_a_key_made()
    {
        var place = await ArrangeAsync();
        var (agents, own, above) = (await KeyAsync(place, place.Agent), await KeyAsync(place, place.Owner), await KeyAsync(place, place.Above));
        var made = await KeyAsync(place, app.Bearer(own.Secret));
        using var rotated = await place.Agent.PostAsync($"{(await KeyAsync(place, place.Owner)).Path}/rotate", new { });
        var successor = (await rotated.JsonAsync()).GetProperty("key").GetString()!;

        await TransferAsync(place);

        foreach (var ended in new[] { agents.Secret, made.Secret, successor })
            (await app.Bearer(ended).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var kept in new[] { own.Secret, above.Secret })
            (await app.Bearer(kept).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_holds_the_old_partners_custom_role_ends_and_what_holds_the_tenants_own_goes_along()
    {
        var place = await ArrangeAsync();
        using var partner = place.Branch.As(Roles.PartnerAdministrator);
        await DefineAsync(partner, "Theirs", place.Branch.Partner);
        await DefineAsync(place.Owner, "Ours", place.Branch.Tenant);
        var (theirs, ours) = (await RegisterAsync(place, place.Above, role: "Theirs"), await RegisterAsync(place, place.Above, role: "Ours"));
        var (theirKey, ourKey) = (await KeyAsync(place, place.Above, "Theirs"), await KeyAsync(place, place.Above, "Ours"));

        await TransferAsync(place);

        (await (await theirs.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        (await app.Bearer(theirKey.Secret).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        using var bearer = app.Bearer(await ours.TokenAsync());
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        (await app.Bearer(ourKey.Secret).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_login_link_that_is_not_used_yet_ends()
    {
        var place = await ArrangeAsync();
        using var made = await place.Agent.PostAsync("/api/v1/auth/login-links", new { organizationId = place.Branch.Tenant.Id.Value });

        await TransferAsync(place);

        using var redeemed = await app.RedeemAsync(made);
        (redeemed.StatusCode, await redeemed.CodeAsync()).ShouldBe((HttpStatusCode.Unauthorized, "bad_login_link"));
    }

    [Fact]
    public async Task Sessions_that_a_login_link_opened_end_and_the_tenants_own_go_on()
    {
        var place = await ArrangeAsync();
        var person = await Person.AddAsync(place.Branch, place.Branch.Tenant, Roles.TenantUser);
        var own = await person.LoginAsync();
        using var byAgent = await LinkedAsync(place.Agent, person);
        using var byAbove = await LinkedAsync(place.Above, person);

        await TransferAsync(place);

        foreach (var ended in new[] { byAgent, byAbove })
            (await app.RefreshAsync(await ended.JsonAsync())).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await app.RefreshAsync(own)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<HttpResponseMessage> LinkedAsync(HttpClient maker, Person person)
    {
        using var made = await maker.PostAsync("/api/v1/auth/login-links", new { userId = person.Id });
        var entered = await app.RedeemAsync(made);
        entered.StatusCode.ShouldBe(HttpStatusCode.OK);
        return entered;
    }

    [Fact]
    public async Task Of_clients_from_before_the_trail_tells_who_knows_them()
    {
        var place = await ArrangeAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var brought = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (own, rotated) = (await RegisterAsync(place, place.Owner), await RegisterAsync(place, place.Owner));
        var lent = await RegisterAsync(place, place.Owner, key);
        await RotateAsync(rotated, place.Agent);
        (await place.Agent.SendAsync(HttpMethod.Patch, lent.Path, new { publicKeyPem = brought.ExportSubjectPublicKeyInfoPem() })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        (await place.Agent.SendAsync(HttpMethod.Patch, own.Path, new { name = "renamed" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await app.MigrateAgainAsync(
            "0012_client_rights.sql", "update identity.clients", Migrating.ForgetOfSecrets + "update identity.clients set known_to = '{}'; ");

        await TransferAsync(place);

        foreach (var ended in new[] { rotated, lent with { Key = brought } })
            (await (await ended.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        await own.TokenAsync();
    }

    [Fact]
    public async Task Of_clients_that_a_host_from_before_rotated_meanwhile_the_trail_tells_too()
    {
        var place = await ArrangeAsync();
        var own = await RegisterAsync(place, place.Owner);
        var (rotated, takenBack) = (await RegisterAsync(place, place.Owner), await RegisterAsync(place, place.Owner));
        await RotateAsync(rotated, place.Agent);
        await RotateAsync(takenBack, place.Agent);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await RotateAsync(takenBack, place.Owner, overlapHours: 0);
        await app.MigrateAgainAsync(
            "0014_hardening.sql",
            "update identity.clients",
            Migrating.ForgetOfSecrets + "update identity.clients set known_to = array[created_by]; ");

        await TransferAsync(place);

        (await (await rotated.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        (await own.AskAsync()).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await IsRevokedAsync(takenBack)).ShouldBeFalse();

        async Task<bool> IsRevokedAsync(OAuthClient client) =>
            (await place.Above.GetJsonAsync(client.Path)).GetProperty("revokedAt").ValueKind is not System.Text.Json.JsonValueKind.Null;
    }

    [Fact]
    public async Task A_client_of_which_nobody_knows_who_knows_it_ends_too()
    {
        var place = await ArrangeAsync();
        var (own, unknown) = (await RegisterAsync(place, place.Owner), await RegisterAsync(place, place.Owner));
        await ForgetAsync(unknown);

        await TransferAsync(place);

        (await (await unknown.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
        await own.TokenAsync();
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(25, true)]
    public async Task Who_knew_a_secret_that_has_ended_knows_the_client_no_more(int hours, bool stays)
    {
        var place = await ArrangeAsync();
        var rotated = await RotateAsync(await RotateAsync(await RegisterAsync(place, place.Owner), place.Agent), place.Owner);
        app.Clock.Advance(TimeSpan.FromHours(hours));

        await TransferAsync(place);

        (await rotated.AskAsync()).StatusCode.ShouldBe(stays ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData(23, false)]
    [InlineData(25, true)]
    public async Task Where_nobody_can_say_who_knows_one_secret_nobody_can_of_the_client_as_long_as_that_is_good(int hours, bool stays)
    {
        var place = await ArrangeAsync();
        var unknown = await RegisterAsync(place, place.Owner);
        await ForgetAsync(unknown);
        var rotated = await RotateAsync(await RotateAsync(unknown, place.Owner), place.Owner);
        app.Clock.Advance(TimeSpan.FromHours(hours));

        await TransferAsync(place);

        (await rotated.AskAsync()).StatusCode.ShouldBe(stays ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Who_knew_a_secret_that_was_removed_knows_the_client_no_more()
    {
        var place = await ArrangeAsync();
        var client = await RegisterAsync(place, place.Owner);
        var shown = await RotateAsync(client, place.Agent);
        var rotated = await RotateAsync(shown, place.Owner);
        var agents = (await place.Owner.GetJsonAsync(client.Path)).GetProperty("secrets")[1].GetProperty("id").GetGuid();
        (await place.Owner.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{agents}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        await TransferAsync(place);

        await rotated.TokenAsync();
        (await (await shown.AskAsync()).ErrorAsync()).ShouldBe("401 invalid_client");
    }

    [Theory]
    [InlineData("unknown", false)]
    [InlineData("removed", true)]
    public async Task Where_a_host_of_the_version_before_drops_who_knows_each_secret_what_counts_for_all_still_says_so(string what, bool stays)
    {
        var place = await ArrangeAsync();
        var client = await RegisterAsync(place, place.Owner);
        if (what == "unknown")
            await ForgetAsync(client);
        else
        {
            await RotateAsync(client, place.Agent);
            var agents = (await place.Owner.GetJsonAsync(client.Path)).GetProperty("secrets")[1].GetProperty("id").GetGuid();
            (await place.Owner.SendAsync(HttpMethod.Delete, $"{client.Path}/secrets/{agents}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        var rotated = what == "unknown" ? await RotateAsync(client, place.Owner) : client;
        await app.ExecuteAsync(Migrating.ForgetOfSecrets);

        await TransferAsync(place);

        (await rotated.AskAsync()).StatusCode.ShouldBe(stays ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
    }

    private Task<int> ForgetAsync(OAuthClient client) =>
        app.ExecuteAsync(
            "update identity.clients set known_to = '{}', secrets = jsonb_build_array(secrets -> 0 #- '{knownTo}') where id = $1", client.Id);

    private async Task<Place> ArrangeAsync()
    {
        var branch = await app.BranchAsync();
        return new Place(
            branch, await app.PartnerAsync(branch.Platform, branch.Distributor),
            await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync(),
            await (await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator)).ClientAsync(),
            await (await Person.AddAsync(branch, branch.Distributor, Roles.DistributorAdministrator)).ClientAsync());
    }

    private async Task<OAuthClient> RegisterAsync(
        Place place, HttpClient by, AsymmetricAlgorithm? key = null, string role = Roles.TenantAdministrator)
    {
        using var answer = await by.PostAsync("/api/v1/clients", new
        {
            name = "c",
            organizationId = place.Branch.Tenant.Id.Value,
            role,
            authMethod = key is null ? "ClientSecret" : "PrivateKeyJwt",
            publicKeyPem = key?.ExportSubjectPublicKeyInfoPem(),
        });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var told = await answer.JsonAsync();
        return new OAuthClient(app, told.GetProperty("id").GetGuid(), null, key is null ? told.GetProperty("secret").GetString() : null, key);
    }

    private static async Task<OAuthClient> RotateAsync(OAuthClient client, HttpClient by, int overlapHours = 24)
    {
        using var answer = await by.PostAsync($"{client.Path}/secrets", new { overlapHours });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return client with { Secret = (await answer.JsonAsync()).GetProperty("secret").GetString() };
    }

    private static async Task<(string Path, string Secret)> KeyAsync(Place place, HttpClient by, string role = Roles.TenantAdministrator)
    {
        using var answer = await by.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = place.Branch.Tenant.Id.Value, role });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (answer.Headers.Location!.ToString(), (await answer.JsonAsync()).GetProperty("key").GetString()!);
    }

    private static async Task DefineAsync(HttpClient by, string name, OrganizationRef at)
    {
        using var answer = await by.PostAsync(
            "/api/v1/roles", new { name, level = "Tenant", organizationId = at.Id.Value, permissions = new[] { "identity.users.read" } });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private static async Task TransferAsync(Place place)
    {
        using var distributor = place.Branch.As(Roles.DistributorAdministrator);
        using var answer = await distributor.PostAsync(
            $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}/transfer", new { partnerId = place.To.Id.Value, reason = "sold" });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <param name="Branch">Whose tenant goes.</param>
    /// <param name="To">Where to.</param>
    /// <param name="Agent">Of the old partner.</param>
    /// <param name="Owner">Of the tenant.</param>
    /// <param name="Above">Of the distributor of both partners.</param>
    private sealed record Place(Branch Branch, OrganizationRef To, HttpClient Agent, HttpClient Owner, HttpClient Above);
}

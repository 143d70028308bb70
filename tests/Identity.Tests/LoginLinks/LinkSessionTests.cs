using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.LoginLinks;

/// <summary>What is done in a session that a login link opened: nothing that outlives it, and under the name of who made the link.</summary>
public sealed class LinkSessionTests(App app) : IClassFixture<App>
{
    public static TheoryData<string, string> WaysIn { get; } = new()
    {
        { "POST", "auth/login-links" }, { "POST", "api-keys" }, { "POST", "api-keys/*/rotate" }, { "PATCH", "api-keys/*" },
        { "POST", "clients" }, { "POST", "clients/*/secrets" }, { "PATCH", "clients/*" }, { "POST", "certificates" }, { "POST", "users" },
        { "PATCH", "users/*" }, { "POST", "users/*/reset-mfa" }, { "DELETE", "users/*/identities/*" }, { "POST", "users/*/enable" },
        { "POST", "auth/password" }, { "POST", "auth/mfa" }, { "POST", "auth/mfa/confirm" }, { "DELETE", "auth/mfa" },
        { "POST", "tenants/*/transfer" },
    };

    [Theory]
    [MemberData(nameof(WaysIn))]
    public async Task No_way_in_is_made_or_changed_in_a_session_of_a_link(string method, string path)
    {
        var place = await ArrangeAsync();

        (await CodeAsync(place.ByLink)).ShouldBe("403 not_in_person");
        (await CodeAsync(place.Refreshed)).ShouldBe("403 not_in_person");
        // By himself he may: whatever else is wrong with the request.
        (await CodeAsync(await place.User.ClientAsync())).ShouldNotBe("403 not_in_person");

        async Task<string> CodeAsync(HttpClient client)
        {
            using var answer = await client.SendAsync(
                new HttpMethod(method), $"/api/v1/{path.Replace("*", Id.NewGuid(app.Clock.GetUtcNow()).ToString())}", new { });
            return $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
        }
    }

    [Fact]
    public async Task No_first_administrator_is_invited_in_a_session_of_a_link()
    {
        var place = await ArrangeAsync();

        (await OpenAsync(place.ByLink, "L-1", administrator: true)).ShouldBe(HttpStatusCode.Forbidden);
        (await OpenAsync(place.ByLink, "L-1", administrator: false)).ShouldBe(HttpStatusCode.Created);
        (await OpenAsync(await place.User.ClientAsync(), "L-2", administrator: true)).ShouldBe(HttpStatusCode.Created);

        async Task<HttpStatusCode> OpenAsync(HttpClient client, string externalId, bool administrator)
        {
            using var answer = await client.PostAsync("/api/v1/tenants", new
            {
                externalId,
                displayName = "T",
                partnerId = place.Branch.Partner.Id.Value,
                administrator = administrator ? new { email = $"{externalId}-{place.Branch.Tenant.Code}@example.com", displayName = "A" } : null,
            });
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task What_ends_a_way_in_may_be_done()
    {
        var place = await ArrangeAsync();
        using var own = await place.User.ClientAsync();
        using var made = await own.PostAsync("/api/v1/api-keys", new { name = "k" });
        made.StatusCode.ShouldBe(HttpStatusCode.Created);

        using var revoked = await place.ByLink.SendAsync(HttpMethod.Delete, made.Headers.Location!.ToString(), null);

        revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task The_trail_names_who_made_the_link()
    {
        var place = await ArrangeAsync();
        using var changed = await place.ByLink.SendAsync(
            HttpMethod.Patch, $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}", new { displayName = "Renamed" });
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var own = await place.User.ClientAsync();
        using var again = await own.SendAsync(
            HttpMethod.Patch, $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}", new { displayName = "Renamed again" });

        var entries = (await place.Branch.Administrator().GetJsonAsync($"/api/v1/audit?limit=50&principalId={place.User.Id}"))
            .GetProperty("items").EnumerateArray().Select(Told).ToList();

        var (user, maker) = (place.User.Email.ToLowerInvariant(), place.Maker.Email.ToLowerInvariant());
        entries.ShouldContain(("identity.patch_organization", $"{user} (by link of {maker})"));
        entries.ShouldContain(("identity.patch_organization", user));
        entries.ShouldContain(("identity.redeem_login_link", $"{user} (by link of {maker})"));
        entries.ShouldContain(("identity.refresh_session", $"{user} (by link of {maker})"));

        static (string?, string?) Told(JsonElement entry) =>
            (entry.GetProperty("action").GetString(), entry.GetProperty("principal").GetProperty("name").GetString());
    }

    [Fact]
    public async Task The_trail_knows_a_links_maker_by_his_id_whatever_others_call_themselves()
    {
        var place = await ArrangeAsync();
        using var changed = await place.ByLink.SendAsync(
            HttpMethod.Patch, $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}", new { displayName = "Renamed" });
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var own = await place.User.ClientAsync();
        using var made = await own.PostAsync(
            "/api/v1/api-keys", new { name = $"nobody (by link of {place.Maker.Email.ToLowerInvariant()})", role = Roles.PartnerAdministrator });
        using var forger = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        using var forged = await forger.SendAsync(
            HttpMethod.Patch, $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}", new { displayName = "Forged" });
        forged.StatusCode.ShouldBe(HttpStatusCode.OK);

        const string Trail = "/api/v1/audit?limit=50&action=identity.patch_organization";
        using var administrator = place.Branch.Administrator();
        var his = (await administrator.GetJsonAsync($"{Trail}&principalId={place.Maker.Id}"))
            .GetProperty("items").EnumerateArray().Select(e => e.GetProperty("principal")).ToList();
        var all = (await administrator.GetJsonAsync($"{Trail}&organizationId={place.Branch.Tenant.Id.Value}"))
            .GetProperty("items").EnumerateArray().Select(e => e.GetProperty("principal")).ToList();

        var one = his.ShouldHaveSingleItem();
        (one.GetProperty("id").GetGuid(), one.GetProperty("linkMakerId").GetGuid()).ShouldBe((place.User.Id, place.Maker.Id));
        all.Count.ShouldBe(2);
        all.Count(p => p.GetProperty("linkMakerId").ValueKind is JsonValueKind.Null).ShouldBe(1);
    }

    [Fact]
    public async Task Settings_that_are_no_way_in_may_be_changed()
    {
        var place = await ArrangeAsync();

        using var branding = await place.ByLink.SendAsync(HttpMethod.Patch, "/api/v1/settings", new { branding = new { name = "Ours" } });
        using var both = await place.ByLink.SendAsync(
            HttpMethod.Patch, "/api/v1/settings", new { branding = new { name = "Ours" }, identity = new { sessionHours = 8 } });

        branding.StatusCode.ShouldBe(HttpStatusCode.OK, await branding.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        (both.StatusCode, await both.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "not_in_person"));
    }

    private async Task<Place> ArrangeAsync()
    {
        var branch = await app.BranchAsync();
        var (maker, user) = (
            await Person.AddAsync(branch, branch.Distributor, Roles.DistributorAdministrator),
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator));
        using var made = await (await maker.ClientAsync()).PostAsync("/api/v1/auth/login-links", new { userId = user.Id });
        made.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var redeemed = await app.RedeemAsync(made);
        var tokens = await redeemed.JsonAsync();
        using var refreshed = await app.RefreshAsync(tokens);
        return new Place(branch, maker, user, Bearer(tokens), Bearer(await refreshed.JsonAsync()));
    }

    private HttpClient Bearer(JsonElement tokens) => app.Bearer(tokens.GetProperty("accessToken").GetString()!);

    private sealed record Place(Branch Branch, Person Maker, Person User, HttpClient ByLink, HttpClient Refreshed);
}

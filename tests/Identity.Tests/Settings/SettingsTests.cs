using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Settings;

public sealed class SettingsTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_value_is_inherited_until_someone_nearer_says_another_and_shows_through_again_when_that_is_cleared()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var tenant = branch.As(Roles.TenantAdministrator);
        await ChangedAsync(
            distributor,
            "branding",
            branch.Distributor,
            new { name = "North", primaryColor = "#00FF7f", supportUrl = "https://help.north.example/a?b=c" });
        await ChangedAsync(partner, "branding", branch.Partner, new { name = "Shop" });

        var seen = await tenant.GetJsonAsync("/api/v1/settings/branding");
        seen.GetProperty("organizationId").GetGuid().ShouldBe(branch.Tenant.Id.Value);
        Effective(seen, "name").ShouldBe("Shop Partner");
        Effective(seen, "primaryColor").ShouldBe("#00FF7f Distributor");
        Effective(seen, "logoUrl").ShouldBe(" Default");
        seen.GetProperty("own").GetProperty("name").ValueKind.ShouldBe(JsonValueKind.Null);
        // The level, not whose id: what stands above is not named.
        seen.GetRawText().ShouldNotContain(branch.Distributor.Id.Value.ToString());

        await ChangedAsync(partner, "branding", branch.Partner, new { name = (string?)null });
        Effective(await tenant.GetJsonAsync("/api/v1/settings/branding"), "name").ShouldBe("North Distributor");
        var contract = await app.InAsync<IOrganizationSettings, BrandingSettings>(s => s.BrandingAsync(branch.Tenant.Path, Ct));
        contract.ShouldBe(new BrandingSettings("North", null, "#00FF7f", null, null, "https://help.north.example/a?b=c"));
    }

    [Fact]
    public async Task All_areas_are_read_and_changed_in_one_request()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var changed = await partner.SendAsync(HttpMethod.Patch, $"/api/v1/settings?organizationId={branch.Partner.Id.Value}", new
        {
            branding = new { name = "P" },
            identity = new { sessionHours = 8 },
        }, ifMatch: "\"0\"");

        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        changed.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var seen = await partner.GetJsonAsync("/api/v1/settings");
        seen.GetProperty("branding").GetProperty("own").GetProperty("name").GetString().ShouldBe("P");
        Effective(seen.GetProperty("identity"), "sessionHours").ShouldBe("8 Partner");
        Effective(seen.GetProperty("licensing"), "partnersCreateTenants").ShouldBe("true Default");
        Effective(seen.GetProperty("licensing").GetProperty("effective").GetProperty("signed"), "issuer", nested: false)
            .ShouldBe("xima-ccaas Default");
        using var broken = await partner.SendAsync(HttpMethod.Patch, "/api/v1/settings", new { branding = new { logoUrl = "http://x.example" } });
        (await broken.FieldErrorAsync()).Pointer.ShouldBe("/branding/logoUrl");
    }

    [Fact]
    public async Task A_version_that_was_changed_meanwhile_is_not_overwritten()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        const string path = "/api/v1/settings/branding";

        using var first = await partner.SendAsync(HttpMethod.Patch, path, new { name = "A" }, ifMatch: "\"0\"");
        using var stale = await partner.SendAsync(HttpMethod.Patch, path, new { name = "B" }, ifMatch: "\"0\"");
        using var second = await partner.SendAsync(HttpMethod.Patch, path, new { name = "B" }, ifMatch: "\"1\"");
        var race = await Task.WhenAll(Enumerable.Range(0, 6).Select(i =>
            partner.SendAsync(HttpMethod.Patch, "/api/v1/settings/identity", new { sessionHours = i + 1 }, ifMatch: "\"0\"")));

        first.Headers.ETag!.Tag.ShouldBe("\"1\"");
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        second.Headers.ETag!.Tag.ShouldBe("\"2\"");
        race.Count(x => x.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        race.ShouldAllBe(
            x => x.StatusCode == HttpStatusCode.OK || x.StatusCode == HttpStatusCode.Conflict || x.StatusCode == HttpStatusCode.PreconditionFailed);
    }

    [Fact]
    public async Task Below_may_be_stricter_but_not_laxer()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        await ChangedAsync(distributor, "identity", branch.Distributor,
            new { mfaRequired = "Administrators", sessionHours = 24, passwordLogin = false, federationProviders = new[] { "entra", "google" } });

        (await RefusedAsync(partner, "identity", branch.Partner, new { mfaRequired = "None" })).ShouldBe("laxer_than_above /mfaRequired");
        (await RefusedAsync(partner, "identity", branch.Partner, new { sessionHours = 25 })).ShouldBe("laxer_than_above /sessionHours");
        (await RefusedAsync(partner, "identity", branch.Partner, new { passwordLogin = true })).ShouldBe("forbidden_above /passwordLogin");
        (await RefusedAsync(partner, "identity", branch.Partner, new { federationProviders = new[] { "okta" } }))
            .ShouldBe("laxer_than_above /federationProviders");
        await ChangedAsync(
            partner, "identity", branch.Partner, new { mfaRequired = "All", sessionHours = 8, federationProviders = new[] { "google" } });

        var holds = await app.InAsync<IOrganizationSettings, SignInSettings>(s => s.SignInAsync(branch.Tenant.Path, Ct));
        (holds.MfaRequired, holds.SessionHours, holds.PasswordLogin).ShouldBe((MfaRequirement.All, 8, false));
        holds.FederationProviders.ShouldBe(["google"]);
        // What above says later binds what was said below before.
        await ChangedAsync(distributor, "identity", branch.Distributor, new { sessionHours = 4, federationProviders = new[] { "entra" } });
        holds = await app.InAsync<IOrganizationSettings, SignInSettings>(s => s.SignInAsync(branch.Tenant.Path, Ct));
        holds.SessionHours.ShouldBe(4);
        holds.FederationProviders.ShouldBeEmpty();
    }

    [Fact]
    public async Task Tenants_are_opened_by_those_to_whom_it_is_delegated_and_always_by_the_platform()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);

        await ChangedAsync(distributor, "licensing", branch.Distributor, new { partnersCreateTenants = false });
        (await OpenAsync(partner, branch, "p-1")).ShouldBe("403 not_delegated");
        (await OpenAsync(distributor, branch, "d-1")).ShouldBe("201");
        using var batch = await partner.PostAsync(
            "/api/v1/tenants/batch", new { items = new[] { new { partnerId = branch.Partner.Id.Value, externalId = "p-2", displayName = "T" } } });
        (await batch.JsonAsync()).GetProperty("results")[0].GetProperty("error").GetProperty("code").GetString().ShouldBe("not_delegated");

        // Neither the partner nor those below bring it back, and what binds the partner is not his to clear.
        (await RefusedAsync(partner, "licensing", branch.Partner, new { partnersCreateTenants = true }))
            .ShouldBe("not_allowed_here /partnersCreateTenants");
        await ChangedAsync(distributor, "licensing", branch.Partner, new { partnersCreateTenants = false });
        (await RefusedAsync(partner, "licensing", branch.Partner, new { partnersCreateTenants = (bool?)null }))
            .ShouldBe("not_allowed_here /partnersCreateTenants");
        (await RefusedAsync(distributor, "licensing", branch.Partner, new { partnersCreateTenants = true }))
            .ShouldBe("forbidden_above /partnersCreateTenants");

        await ChangedAsync(platform, "licensing", branch.Distributor, new { distributorsCreateTenants = false });
        (await OpenAsync(distributor, branch, "d-2")).ShouldBe("403 not_delegated");
        (await OpenAsync(platform, branch, "x-1")).ShouldBe("201");

        await ChangedAsync(platform, "licensing", branch.Distributor, new { distributorsCreateTenants = (bool?)null });
        await ChangedAsync(distributor, "licensing", branch.Distributor, new { partnersCreateTenants = (bool?)null });
        await ChangedAsync(distributor, "licensing", branch.Partner, new { partnersCreateTenants = (bool?)null });
        (await OpenAsync(partner, branch, "p-3")).ShouldBe("201");
    }

    [Fact]
    public async Task What_signed_requests_claim_is_the_platforms_to_say()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var platform = branch.Administrator();

        (await RefusedAsync(partner, "licensing", branch.Partner, new { signed = new { issuer = "me" } })).ShouldBe("not_allowed_here /signed");
        await ChangedAsync(platform, "licensing", branch.Partner, new { signed = new { issuer = "vendor" } });

        var holds = await app.InAsync<IOrganizationSettings, IReadOnlyDictionary<string, LicensingSettings>>(
            s => s.LicensingAsync([branch.Tenant.Path, branch.Distributor.Path], Ct));
        (holds[branch.Tenant.Path].SignedIssuer, holds[branch.Tenant.Path].SignedAudience).ShouldBe(("vendor", "xima-ccaas"));
        holds[branch.Distributor.Path].SignedIssuer.ShouldBe("xima-ccaas");
    }

    [Fact]
    public async Task Another_branch_and_what_stands_above_do_not_exist_and_readers_do_not_write()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var reader = branch.As(Roles.PartnerReader);

        foreach (var foreign in new[] { other.Partner, other.Tenant, branch.Distributor })
        {
            (await partner.StatusAsync($"/api/v1/settings?organizationId={foreign.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
            (await partner.SendAsync(HttpMethod.Patch, $"/api/v1/settings/branding?organizationId={foreign.Id.Value}", new { name = "x" })).StatusCode
                .ShouldBe(HttpStatusCode.NotFound);
        }

        (await reader.StatusAsync("/api/v1/settings")).ShouldBe(HttpStatusCode.OK);
        (await reader.SendAsync(HttpMethod.Patch, "/api/v1/settings/branding", new { name = "x" })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("branding", """{"logoUrl":"http://logo.example/a.png"}""", "/logoUrl", 422)]
    [InlineData("branding", """{"logoUrl":"https://user:secret@logo.example"}""", "/logoUrl", 422)]
    [InlineData("branding", """{"supportUrl":"javascript:alert(1)"}""", "/supportUrl", 422)]
    [InlineData("branding", """{"primaryColor":"red"}""", "/primaryColor", 422)]
    [InlineData("branding", """{"primaryColor":"#12345"}""", "/primaryColor", 422)]
    [InlineData("branding", """{"supportEmail":"nobody"}""", "/supportEmail", 422)]
    [InlineData("branding", """{"name":" "}""", "/name", 422)]
    [InlineData("branding", """{"colour":"#123456"}""", "/colour", 400)]
    [InlineData("identity", """{"sessionHours":0}""", "/sessionHours", 422)]
    [InlineData("identity", """{"sessionHours":2161}""", "/sessionHours", 422)]
    [InlineData("identity", """{"mfaRequired":"Some"}""", "/mfaRequired", 400)]
    [InlineData("identity", """{"federationProviders":["a b"]}""", "/federationProviders/0", 422)]
    [InlineData("licensing", """{"partnersCreateTenants":"no"}""", "/partnersCreateTenants", 400)]
    [InlineData("licensing", """{"signed":{"issuer":""}}""", "/signed/issuer", 422)]
    public async Task Bad_input_is_named_by_pointer(string area, string body, string pointer, int status)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();

        using var answer = await administrator.PatchAsync(
            $"/api/v1/settings/{area}?organizationId={branch.Partner.Id.Value}",
            new StringContent(body, System.Text.Encoding.UTF8, "application/json"),
            Ct);

        ((int)answer.StatusCode).ShouldBe(status);
        (await answer.FieldErrorAsync()).Pointer.ShouldBe(pointer);
    }

    [Fact]
    public async Task A_closed_organisation_keeps_its_settings_and_an_entry_of_the_change_lies_at_the_organisation()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var administrator = branch.Administrator();
        await ChangedAsync(administrator, "branding", branch.Tenant, new { name = "Before" });
        (await partner.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        using var closed = await partner.SendAsync(
            HttpMethod.Patch, $"/api/v1/settings/branding?organizationId={branch.Tenant.Id.Value}", new { name = "After" });

        (await closed.CodeAsync()).ShouldBe("organization_closed");
        var entries = (await partner.GetJsonAsync("/api/v1/audit?action=identity.patch_settings")).GetProperty("items");
        entries[0].GetRawText().ShouldContain("Before");
    }

    private static async Task ChangedAsync(HttpClient client, string area, OrganizationRef at, object change)
    {
        using var answer = await client.SendAsync(HttpMethod.Patch, $"/api/v1/settings/{area}?organizationId={at.Id.Value}", change);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task<string> RefusedAsync(HttpClient client, string area, OrganizationRef at, object change)
    {
        using var answer = await client.SendAsync(HttpMethod.Patch, $"/api/v1/settings/{area}?organizationId={at.Id.Value}", change);
        answer.IsSuccessStatusCode.ShouldBeFalse();
        var (pointer, code) = await answer.FieldErrorAsync();
        return $"{code} {pointer}";
    }

    /// <summary>The status of opening a tenant, and the code of a refusal.</summary>
    internal static async Task<string> OpenAsync(HttpClient client, Branch branch, string externalId)
    {
        using var answer = await client.PostAsync("/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId, displayName = "T" });
        return answer.IsSuccessStatusCode ? $"{(int)answer.StatusCode}" : $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
    }

    private static string Effective(JsonElement area, string name, bool nested = true)
    {
        var effective = (nested ? area.GetProperty("effective") : area).GetProperty(name);
        // A text without its quotes; no value is empty.
        var value = effective.GetProperty("value") is { ValueKind: not JsonValueKind.String and not JsonValueKind.Null } other
            ? other.GetRawText()
            : effective.GetProperty("value").GetString();
        return $"{value} {effective.GetProperty("source").GetString()}";
    }
}

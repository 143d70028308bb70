using System.Buffers.Text;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Tests.Signed;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.EntitlementChecks;

/// <summary>Documents that hold offline for as long as they say, whatever happens to keys meanwhile.</summary>
public sealed class SignEntitlementsTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_documents_key_stays_published_for_as_long_as_it_holds()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch), seats: 9));
        using var client = branch.As(Roles.TenantUser);
        // Two hours before the key is old enough to be followed by another.
        app.Clock.Advance(TimeSpan.FromDays(90) - TimeSpan.FromHours(2));
        var signedAt = app.Clock.GetUtcNow();
        var document = await DocumentAsync(client, branch, 30);
        Claim(document, "exp").ShouldBe(signedAt.AddDays(30).ToUnixTimeSeconds());
        JsonNode.Parse(Part(document, 1))!["entitlements"]!.ToJsonString().ShouldBe("""{"essentialSeats":9}""");
        app.Clock.Advance(TimeSpan.FromHours(2));
        await app.InAsync<Licensing.Kernel.Persistence.Housekeeping, int>(x => x.CleanAsync(Ct));

        app.Clock.Advance(TimeSpan.FromHours(2));
        Claim(await DocumentAsync(client, branch, 1), "kid", 0).ShouldNotBe(Claim(document, "kid", 0));
        (await IsGoodAsync(document)).ShouldBeTrue();
        app.Clock.Set(signedAt.AddDays(30));
        (await IsGoodAsync(document)).ShouldBeTrue();
        app.Clock.Advance(TimeSpan.FromHours(4));
        (await IsGoodAsync(document)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_document_is_no_access_token_and_lasts_no_longer_than_may_be()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));
        using var client = branch.As(Roles.TenantUser);
        using var bearer = app.Anonymous();
        bearer.DefaultRequestHeaders.Authorization = new("Bearer", await DocumentAsync(client, branch, 1));
        (await bearer.GetAsync("/api/v1/tenants", Ct)).StatusCode.ShouldBe(System.Net.HttpStatusCode.Unauthorized);
        foreach (var days in (int[])[0, 31])
            (await client.PostAsJsonAsync($"/api/v1/entitlements/{branch.Tenant.Id.Value}/documents", new { days }, Ct).RefusalAsync())
                .ShouldBe("422 validation_failed /days out_of_range");
        using var nobody = (await app.BranchAsync()).As(Roles.PartnerAdministrator);
        (await nobody.PostAsJsonAsync($"/api/v1/entitlements/{branch.Tenant.Id.Value}/documents", new { days = 1 }, Ct).RefusalAsync())
            .ShouldBe("404 tenant_not_found");
    }

    [Fact]
    public async Task A_document_ends_with_the_first_thing_that_is_known_to_be_taken_away()
    {
        var branch = await app.BranchAsync();
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch), seats: 10))).IdOf();
        using var user = branch.As(Roles.TenantUser);
        using var partner = branch.As(Roles.PartnerAdministrator);
        async Task ChangeAsync(int seats, int days)
        {
            var change = new { quantities = new { essentialSeats = seats }, effectiveDate = app.Today.AddDays(days) };
            (await partner.PatchAsJsonAsync($"/api/v1/subscriptions/{id}", change, Ct)).EnsureSuccessStatusCode();
        }

        // More is no reason, nor is less than that but no less than today.
        await ChangeAsync(12, days: 2);
        await ChangeAsync(11, days: 9);
        (await UntilAsync(user, branch, 30)).ShouldBe(app.Clock.GetUtcNow().AddDays(30));
        (await partner.PostAsJsonAsync($"/api/v1/subscriptions/{id}/cancel", new { on = app.Today.AddDays(20) }, Ct)).EnsureSuccessStatusCode();
        (await UntilAsync(user, branch, 30)).ShouldBe(StartOf(20));
        await ChangeAsync(9, days: 5);
        (await UntilAsync(user, branch, 30)).ShouldBe(StartOf(5));
        (await UntilAsync(user, branch, 4)).ShouldBe(app.Clock.GetUtcNow().AddDays(4));
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/changes/{app.Today.AddDays(5):yyyy-MM-dd}", Ct)).EnsureSuccessStatusCode();
        (await partner.DeleteAsync($"/api/v1/subscriptions/{id}/cancel", Ct)).EnsureSuccessStatusCode();
        (await UntilAsync(user, branch, 30)).ShouldBe(app.Clock.GetUtcNow().AddDays(30));
    }

    [Fact]
    public async Task A_document_ends_with_a_term_that_nothing_follows_and_with_an_end_that_was_agreed()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch, terms: new { termMonths = 1, autoRenew = false })));
        await SubscribedAsync(other, Asked(other, await app.PlanAsync(other), end: $"{app.Today.AddDays(12):yyyy-MM-dd}"));
        var end = app.Today.AddMonths(1);
        app.Clock.Advance(TimeSpan.FromDays(10));
        using (var user = branch.As(Roles.TenantUser))
            (await UntilAsync(user, branch, 30)).ShouldBe(new DateTimeOffset(end, default, TimeSpan.Zero));
        using (var user = other.As(Roles.TenantUser))
            (await UntilAsync(user, other, 30)).ShouldBe(StartOf(2));
    }

    [Fact]
    public async Task A_document_ends_with_a_deletions_week_and_states_nothing_after_it()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var user = branch.As(Roles.TenantUser);
        (await caller.SendAsync(SignedCalls.Body(branch, ",\"eliteSeats\":5"))).EnsureSuccessStatusCode();
        (await caller.SendAsync(SignedCalls.Body(branch), HttpMethod.Delete)).EnsureSuccessStatusCode();
        (await UntilAsync(user, branch, 30)).ShouldBe(app.Clock.GetUtcNow().AddDays(7));

        app.Clock.Advance(TimeSpan.FromDays(7));
        JsonNode.Parse(Part(await DocumentAsync(user, branch, 1), 1))!["entitlements"]!.ToJsonString().ShouldBe("{}");
    }

    private DateTimeOffset StartOf(int days) => new(app.Today.AddDays(days), default, TimeSpan.Zero);

    // What the document says and what the answer beside it says are one.
    private static async Task<DateTimeOffset> UntilAsync(HttpClient client, Branch branch, int days)
    {
        using var answer = await client.PostAsJsonAsync($"/api/v1/entitlements/{branch.Tenant.Id.Value}/documents", new { days }, Ct);
        var view = await answer.JsonAsync();
        var until = view.GetProperty("expiresAt").GetDateTimeOffset();
        Claim(view.Text("document")!, "exp").ShouldBe(until.ToUnixTimeSeconds());
        return until;
    }

    private static async Task<string> DocumentAsync(HttpClient client, Branch branch, int days)
    {
        using var answer = await client.PostAsJsonAsync($"/api/v1/entitlements/{branch.Tenant.Id.Value}/documents", new { days }, Ct);
        return (await answer.JsonAsync()).Text("document")!;
    }

    private async Task<bool> IsGoodAsync(string document)
    {
        using var client = app.Anonymous();
        using var keys = await client.GetAsync("/.well-known/jwks.json", Ct);
        var published = (await keys.JsonAsync()).GetProperty("keys").EnumerateArray().Where(k => k.Text("kid") == Claim(document, "kid", 0)).ToList();
        if (published is not [var jwk])
            return false;
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(jwk.Text("x")), Y = Base64Url.DecodeFromChars(jwk.Text("y")) },
        });
        return key.VerifyData(Encoding.ASCII.GetBytes(document[..document.LastIndexOf('.')]), Base64Url.DecodeFromChars(document.Split('.')[2]),
            HashAlgorithmName.SHA256);
    }

    private static string Part(string document, int part) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(document.Split('.')[part]));

    private static long Claim(string document, string name) => (long)JsonNode.Parse(Part(document, 1))![name]!;

    private static string Claim(string document, string name, int part) => (string)JsonNode.Parse(Part(document, part))![name]!;
}

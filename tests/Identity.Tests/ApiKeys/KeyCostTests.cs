using System.Net;
using Licensing.Identity.ApiKeys;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.ApiKeys;

/// <summary>What a key that does not hold costs: whoever measures it must not learn which keys there are.</summary>
public sealed class KeyCostTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_mistyped_key_asks_nothing_and_all_others_ask_the_same()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var mine = await IssueAsync(branch, "mine");
        var theirs = await IssueAsync(other, "theirs");
        var (stranger, _) = ApiKeySecret.New();

        (await CostAsync(mine[..20] + (mine[20] == 'a' ? 'b' : 'a') + mine[21..])).ShouldBeEmpty();
        var unknown = await CostAsync(stranger);
        unknown.Count.ShouldBe(1);
        // Another's public part with a secret of one's own, made up or from one's own key, under a check that holds.
        foreach (var forged in new[] { Joined(theirs, stranger), Joined(theirs, mine), Joined(mine, theirs) })
            (await CostAsync(forged)).ShouldBe(unknown);
    }

    [Fact]
    public async Task A_key_put_together_of_two_opens_neither_and_both_go_on()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var (mine, theirs) = (await IssueAsync(branch, "mine"), await IssueAsync(other, "theirs"));

        // Remembered as proved: what is remembered is the whole key.
        foreach (var good in new[] { mine, theirs })
            (await StatusAsync(good)).ShouldBe(HttpStatusCode.OK);
        foreach (var forged in new[] { Joined(mine, theirs), Joined(theirs, mine) })
            (await StatusAsync(forged)).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var good in new[] { mine, theirs })
            (await StatusAsync(good)).ShouldBe(HttpStatusCode.OK);
    }

    // The public part of one and the secret of another, so that only the secret is wrong.
    private static string Joined(string prefixOf, string secretOf)
    {
        var body = $"lk_{prefixOf[3..11]}_{secretOf.Split('_')[2]}";
        var key = $"{body}_{ApiKeySecret.CheckOf(body)}";
        ApiKeySecret.PrefixOf(key).ShouldBe(prefixOf[3..11]);
        return key;
    }

    private async Task<IReadOnlyList<string>> CostAsync(string key)
    {
        using var log = new StatementLog();
        using var client = app.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/tenants");
        request.Headers.TryAddWithoutValidation("X-API-KEY", key);
        var (answer, statements) = await log.SendAsync(client, request);
        using (answer)
            (await answer.CodeAsync()).ShouldBe("invalid_credential");
        return statements;
    }

    private async Task<HttpStatusCode> StatusAsync(string key)
    {
        using var client = app.Bearer(key);
        return await client.StatusAsync("/api/v1/tenants");
    }

    private static async Task<string> IssueAsync(Branch branch, string name)
    {
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var answer = await partner.PostAsync("/api/v1/api-keys", new { name });
        return (await answer.JsonAsync()).GetProperty("key").GetString()!;
    }
}

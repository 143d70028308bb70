using System.Security.Cryptography;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>Tokens that do not hold spend from the bucket of their address, and for a spent one no certificate is looked up.</summary>
public sealed class AddressTests(AddressTests.Strict app) : IClassFixture<AddressTests.Strict>
{
    private const int Burst = 20;

    public sealed class Strict : SellingApp
    {
        protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
        {
            ["Limits:AnonymousPerSecond"] = "1",
            ["Limits:AnonymousBurst"] = $"{Burst}",
        };
    }

    [Fact]
    public async Task At_a_spent_address_who_signed_a_moment_ago_passes_and_who_did_not_is_not_looked_up()
    {
        var branch = await app.BranchAsync();
        using var known = await SignedCaller.EnrolAsync(branch);
        var unknown = new List<SignedCaller>();
        for (var i = 0; i < 5; i++)
            unknown.Add(await SignedCaller.EnrolAsync(branch));
        (await CodeAsync(known.SendAsync(Body(branch)))).ShouldBe("200");

        await Task.WhenAll(Enumerable.Range(0, 10 * Burst).Select(_ => BadAsync()));
        // Among bad ones, since the bucket is filled again as time goes by.
        var answers = await Task.WhenAll(Enumerable.Range(1, 10 * Burst).Select(async i =>
        {
            var kind = (i % 40) switch { 0 => "known", 20 => "unknown", _ => "bad" };
            var caller = kind == "known" ? known : unknown[i / 40 % 5];
            return (Kind: kind, Code: await (kind == "bad" ? BadAsync() : CodeAsync(caller.SendAsync(Body(branch)))));
        }));

        answers.Where(a => a.Kind == "bad").Select(a => a.Code).Except(["401 INVALID_CERTIFICATE"]).ShouldBe(["429 RATE_LIMITED"]);
        answers.Where(a => a.Kind == "known").ShouldAllBe(a => a.Code == "200");
        answers.Where(a => a.Kind == "unknown").ShouldContain(a => a.Code == "429 RATE_LIMITED");
        unknown.ForEach(caller => caller.Dispose());

        Task<string> BadAsync() => CodeAsync(known.SendAsync(
            Body(branch), header: h => h["kid"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))));
    }
}

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
        using var unknown = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(known.SendAsync(Body(branch)))).ShouldBe("200");

        // The clock by which the bucket is filled again stands still.
        var bad = await Task.WhenAll(Enumerable.Range(0, 2 * Burst).Select(_ => BadAsync()));

        bad.Count(code => code == "401 INVALID_CERTIFICATE").ShouldBe(Burst);
        bad.Count(code => code == "429 RATE_LIMITED").ShouldBe(Burst);
        (await CodeAsync(known.SendAsync(Body(branch)))).ShouldBe("200");
        (await CodeAsync(unknown.SendAsync(Body(branch)))).ShouldBe("429 RATE_LIMITED");

        Task<string> BadAsync() => CodeAsync(known.SendAsync(
            Body(branch), header: h => h["kid"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))));
    }
}

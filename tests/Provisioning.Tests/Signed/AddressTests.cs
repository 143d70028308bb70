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
        // The bucket is full again, whatever the other test has spent of it.
        app.Clock.Advance(TimeSpan.FromHours(1));
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

    [Fact]
    public async Task A_good_token_with_a_body_that_cannot_be_read_spends_from_the_bucket_of_its_address_too()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        // The bucket is full again, whatever the other test has spent of it.
        app.Clock.Advance(TimeSpan.FromHours(1));
        var large = Body(branch) + new string(' ', 64 * 1024);

        var answers = await Task.WhenAll(Enumerable.Range(0, 2 * Burst).Select(_ => CodeAsync(caller.SendAsync(large))));

        answers.CountBy(x => x).OrderBy(x => x.Key).Select(x => $"{x.Key} × {x.Value}")
            .ShouldBe([$"413 VALIDATION_ERROR × {Burst}", $"429 RATE_LIMITED × {Burst}"]);
    }
}

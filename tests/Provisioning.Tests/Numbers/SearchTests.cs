using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Numbers;

public sealed class SearchTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Free_numbers_are_found_by_country_type_beginning_and_digits()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerReader);
        (await platform.ImportAsync(
            $"number,country,type\n{prefix}87777,DE,Geographic\n{prefix}8,DE,Mobile\n{prefix}077779,AT,Geographic\n{prefix}1234,AT,Mobile\n"))
            .EnsureSuccessStatusCode();

        (await partner.FreeAsync(prefix)).ShouldBe([$"{prefix}077779", $"{prefix}1234", $"{prefix}8", $"{prefix}87777"]);
        (await partner.FreeAsync(prefix, "&country=AT")).ShouldBe([$"{prefix}077779", $"{prefix}1234"]);
        (await partner.FreeAsync(prefix, "&country=AT&type=Mobile")).ShouldBe([$"{prefix}1234"]);
        // Longer than what the prefix has of its own.
        (await partner.FreeAsync(prefix, "&contains=7777")).ShouldBe([$"{prefix}077779", $"{prefix}87777"]);
        (await partner.FreeAsync(prefix, "&contains=87777")).ShouldBe([$"{prefix}87777"]);
        (await partner.FreeAsync(prefix, $"&contains={prefix[^3..]}1234")).ShouldBe([$"{prefix}1234"]);
        (await partner.FreeAsync(prefix, "&contains=77771")).ShouldBeEmpty();
        (await partner.FreeAsync($"{prefix}8")).ShouldBe([$"{prefix}8", $"{prefix}87777"]);
        (await partner.NumbersAsync($"/api/v1/numbers/available?startsWith={Uri.EscapeDataString(prefix)}8"))
            .ShouldBe([$"{prefix}8", $"{prefix}87777"]);
        (await partner.NumbersAsync($"/api/v1/numbers/available?startsWith={prefix}8")).ShouldBe([$"{prefix}8", $"{prefix}87777"]);
    }

    [Fact]
    public async Task Pages_follow_each_other_and_what_goes_meanwhile_moves_nothing()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        (await platform.ImportAsync(
            string.Join('\n',
            Enumerable.Range(100, 25).Select(i => $"{prefix}{i},DE,{(i % 2 == 0 ? "Mobile" : "Geographic")}").Prepend("number,country,type"))))
            .EnsureSuccessStatusCode();

        (await platform.FreeAsync(prefix, limit: 4)).ShouldBe(Enumerable.Range(100, 25).Select(i => $"{prefix}{i}"));
        using var first = await platform.GetAsync($"/api/v1/numbers/available?startsWith={prefix[1..]}&limit=10", Ct);
        var page = await first.JsonAsync();
        page.GetProperty("items").EnumerateArray().Select(n => n.Text("number")).ShouldBe(Enumerable.Range(100, 10).Select(i => $"{prefix}{i}"));
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, $"{prefix}100", $"{prefix}112"));

        (await platform.FreeAsync(prefix, $"&after={page.Text("next")}"))
            .ShouldBe(Enumerable.Range(110, 15).Where(i => i != 112).Select(i => $"{prefix}{i}"));
    }

    [Theory]
    [InlineData("country=XX", "400 invalid_parameter ?country invalid_parameter")]
    [InlineData("type=Fax", "400 invalid_parameter ?type invalid_parameter")]
    [InlineData("startsWith=49a", "400 invalid_parameter ?startsWith invalid_parameter")]
    [InlineData("startsWith=", "400 invalid_parameter ?startsWith invalid_parameter")]
    [InlineData("contains=%25", "400 invalid_parameter ?contains invalid_parameter")]
    [InlineData("contains=1234567890123456", "400 invalid_parameter ?contains invalid_parameter")]
    [InlineData("after=MTIz", "400 invalid_cursor ?after invalid_cursor")]
    [InlineData("limit=201", "400 invalid_limit ?limit out_of_range")]
    [InlineData("prefix=49", "400 unknown_parameter ?prefix unknown_parameter")]
    public async Task What_cannot_be_looked_for_is_said_by_its_name(string query, string refusal)
    {
        using var partner = (await app.BranchAsync()).As(Roles.PartnerReader);

        (await partner.GetAsync($"/api/v1/numbers/available?{query}", Ct).RefusalAsync()).ShouldBe(refusal);
    }
}

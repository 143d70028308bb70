using Licensing.Kernel.Ops;

namespace Licensing.Kernel.Tests.Ops;

public sealed class OpsCallTests
{
    private const string Known = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01";

    [Theory]
    [InlineData(null, 50)]
    [InlineData("1", 1)]
    [InlineData("70", 70)]
    public void A_limit_is_what_is_typed_or_a_page(string? typed, int expected)
    {
        Typed("--limit", typed).Limit(70).Refused(out _, out var limit).ShouldBeFalse();
        limit.ShouldBe(expected);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("71")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("")]
    [InlineData("99999999999")]
    public void A_limit_out_of_its_range_is_refused(string typed)
    {
        var refusal = Typed("--limit", typed).Limit(70).Refusal!;
        refusal.Code.ShouldBe("wrong_argument");
        refusal.Message.ShouldBe($"--limit must be 1 to 70, not '{typed}'.");
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Known)]
    public void An_id_is_what_is_typed_or_none(string? typed)
    {
        Typed("--bell", typed).Id("--bell", "a bell's id").Refused(out _, out var id).ShouldBeFalse();
        var expected = typed is null ? (Guid?)null : Guid.Parse(typed);
        id!.Value.ShouldBe(expected);
        (id.As<BellId>()?.Value).ShouldBe(expected);
    }

    [Fact]
    public void What_is_no_id_is_refused() =>
        Typed("--bell", "me").Id("--bell", "a bell's id").Refusal!.Message.ShouldBe("--bell must be a bell's id, not 'me'.");

    private readonly record struct BellId(Guid Value) : IId<BellId>;

    private static OpsCall Typed(string argument, string? value)
    {
        var given = new Dictionary<string, IReadOnlyList<string>>();
        if (value is not null)
            given[argument] = [value];
        return new(null!, given);
    }
}

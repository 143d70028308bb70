using Licensing.Identity.Sessions;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>The test vectors of RFC 6238, appendix B, cut to six digits.</summary>
public sealed class TotpTests
{
    // "12345678901234567890"
    private const string Key = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1111111111, "050471")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_the_RFC(long seconds, string code)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(seconds);
        Totp.CodeOf(Key, at).ShouldBe(code);
        Totp.StepOf(Key, code, at).ShouldBe(seconds / 30);
    }

    [Theory]
    [InlineData(-60, false)]
    [InlineData(-30, true)]
    [InlineData(30, true)]
    [InlineData(60, false)]
    public void A_clock_may_be_one_step_off(int seconds, bool accepted) =>
        (Totp.StepOf(Key, "081804", DateTimeOffset.FromUnixTimeSeconds(1111111109 + seconds)) is not null).ShouldBe(accepted);

    [Theory]
    [InlineData("")]
    [InlineData("28708")]
    [InlineData("2870820")]
    [InlineData("２８７０８２")]
    public void Nothing_else_is_a_code(string code) => Totp.StepOf(Key, code, DateTimeOffset.FromUnixTimeSeconds(59)).ShouldBeNull();
}

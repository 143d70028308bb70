namespace Licensing.Usage.Tests;

/// <summary>What of the settings stops the start.</summary>
public sealed class UsageSettingsTests
{
    [Fact]
    public void A_share_that_nobody_could_have_even_alone_stops_the_start()
    {
        new UsageSettings().Checked().ShouldBe(new UsageSettings());
        new UsageSettings { WaitingBytes = 200, WaitingBytesOfOne = 100 }.Checked().WaitingBytes.ShouldBe(200);
        Should.Throw<InvalidOperationException>(() => new UsageSettings { WaitingBytes = 199, WaitingBytesOfOne = 100 }.Checked()).Message
            .ShouldStartWith("Usage:WaitingBytes must be at least twice Usage:WaitingBytesOfOne (100)");
    }
}

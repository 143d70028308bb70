namespace Licensing.Identity.Sessions;

/// <summary>Hosts compare instants that other hosts have taken.</summary>
internal static class HostClocks
{
    /// <summary>What their clocks may differ by.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);
}

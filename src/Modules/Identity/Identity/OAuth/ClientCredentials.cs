namespace Licensing.Identity.OAuth;

/// <summary>What a client shows: its secret, or an assertion that it has signed.</summary>
internal sealed record ClientCredentials(string? Id, string? Secret, string? Assertion)
{
    public const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    public override string ToString() => Id ?? "";
}

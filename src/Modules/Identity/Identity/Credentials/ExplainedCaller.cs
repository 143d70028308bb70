using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Credentials;

/// <summary>A user, an API key or an OAuth client whose access is explained at the terminal.</summary>
/// <param name="Access">What proving the credential would find; null when it would be refused.</param>
/// <param name="Refused">Why it would.</param>
/// <param name="Roles">Where rights come from.</param>
/// <param name="Credential">What a key or a client is called; null of a user.</param>
/// <param name="Scopes">Of a key or a client.</param>
internal sealed record ExplainedCaller(
    Access? Access, string? Refused, IReadOnlyList<HeldRole> Roles, string? Credential, IReadOnlyList<string> Scopes)
{
    /// <summary>Why he may not use a permission of a role that he holds, or null when he may.</summary>
    /// <param name="permission">One that the role includes.</param>
    /// <param name="held">The role, where he holds it.</param>
    /// <param name="target">The path of the organisation where he would use it; null is where the role is held.</param>
    public string? WhyNot(string permission, HeldRole held, string? target)
    {
        var reads = permission.EndsWith(".read", StringComparison.Ordinal);
        return Refused
            ?? (target?.StartsWith(held.Path, StringComparison.Ordinal) == false ? "The role does not reach that organization." : null)
            ?? (held.Branch == "Closed" ? OrganizationRefusals.Closed.Message : null)
            ?? (Scopes.Count > 0 && !Scopes.Contains(permission) ? $"The {Credential}'s scopes leave it out." : null)
            ?? (!reads && Access!.WritesRefused is { } refused ? refused.Message : null)
            ?? (!reads && held.Branch == "Suspended" ? "The branch is suspended." : null)
            // The last word is that of what the requests are measured by.
            ?? (Access!.Grants.Any(g => g.Role == held.Role && g.OrganizationId == held.OrganizationId && g.Permissions.Contains(permission))
                ? null
                : "The role does not count there.");
    }

    public string FromOf(HeldRole held) => Credential is not null
        ? Scopes.Count > 0 ? $"{Credential}, narrowed by its scopes" : Credential
        : held.Source is RoleSource.User ? "given to him" : "held by his organization";
}

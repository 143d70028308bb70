using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>What other modules may know of an organisation.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Code">Its number, unique in the installation, never reused.</param>
/// <param name="Kind">Its level.</param>
/// <param name="ParentId">The organisation above; null for the platform.</param>
/// <param name="Path">Codes from the root, each ended by a dot ("1.7.42."); see <see cref="OrganizationPath"/>.</param>
/// <param name="ExternalId">What its parent calls it; unique under the parent.</param>
/// <param name="DisplayName">For people.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Currency">What it is billed or paid in.</param>
/// <param name="Active">False while it or any organisation above it is suspended or closed.</param>
public sealed record OrganizationRef(
    OrganizationId Id, int Code, OrganizationKind Kind, OrganizationId? ParentId, string Path, string ExternalId, string DisplayName,
    string Country, Currency Currency, bool Active)
{
    /// <summary>Whether it has ended for good; nothing is opened there any more.</summary>
    public bool Closed { get; init; }
}

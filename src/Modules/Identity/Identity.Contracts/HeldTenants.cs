namespace Licensing.Identity.Contracts;

/// <param name="Held">By external id.</param>
/// <param name="HeldByOthers">Those that there are too, by external id: somebody else is changing something of theirs.</param>
public sealed record HeldTenants(IReadOnlyDictionary<string, OrganizationRef> Held, IReadOnlySet<string> HeldByOthers);

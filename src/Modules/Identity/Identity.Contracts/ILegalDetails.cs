namespace Licensing.Identity.Contracts;

/// <summary>Reads what an organisation is in law, for documents. No call checks the caller's scope; the asking slice does.</summary>
public interface ILegalDetails
{
    /// <summary>Those of <paramref name="ids"/> that exist, in one read.</summary>
    Task<IReadOnlyDictionary<OrganizationId, LegalDetails>> FindAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct);
}

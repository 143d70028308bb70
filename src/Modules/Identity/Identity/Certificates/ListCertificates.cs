using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>Lists certificates, newest first.</summary>
internal static class ListCertificates
{
    [Needs(IdentityPermissions.CertificatesRead)]
    public sealed record Query(OrganizationId? OrganizationId, string? Fingerprint, int? Limit, string? After) : IQuery<Page<CertificateView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<CertificateView>>
    {
        public async Task<Result<Page<CertificateView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.Certificates.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            if (query.Fingerprint is { } said)
            {
                var fingerprint = KeyIds.FingerprintOf(said) ?? said;
                rows = rows.Where(x => x.Fingerprint == fingerprint);
            }

            return await rows.ToPageAsync(start, x => x.Id, CertificateView.Shape, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder certificates) => certificates
        .MapGet("/", (Guid? organizationId, string? fingerprint, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, fingerprint, limit, after), ct))
        .Slice<Query, Page<CertificateView>>(nameof(ListCertificates), "Lists certificates, newest first");
}

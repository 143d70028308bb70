using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>Shows one certificate.</summary>
internal static class GetCertificate
{
    [Needs(IdentityPermissions.CertificatesRead)]
    public sealed record Query(CertificateId Id) : IQuery<CertificateView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, CertificateView>
    {
        public async Task<Result<CertificateView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Certificates.AsNoTracking().Within(principal.Scope).Where(x => x.Id == query.Id).Select(CertificateView.Shape)
                .SingleOrDefaultAsync(cancellationToken) is { } found
                ? found
                : CertificateRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder certificates) => certificates
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new CertificateId(id)), ct))
        .Slice<Query, CertificateView>(nameof(GetCertificate), "Shows a certificate");
}

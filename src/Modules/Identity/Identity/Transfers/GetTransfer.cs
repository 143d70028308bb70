using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Transfers;

/// <summary>Shows a tenant's newest transfer: pending, done, cancelled or failed. The new partner does not see how it came by the tenant.</summary>
internal static class GetTransfer
{
    [Needs(IdentityPermissions.OrganizationsRead)]
    public sealed record Query(OrganizationId TenantId) : IQuery<TransferView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, TransferView>
    {
        public async Task<Result<TransferView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var transfer = await db.Transfers.AsNoTracking().Within(principal.Scope).Where(x => x.TenantId == query.TenantId)
                .OrderByDescending(x => x.Id).FirstOrDefaultAsync(cancellationToken);
            if (transfer is null)
                return TransferRefusals.NotFound(query.TenantId.Value);

            var partners = new[] { transfer.FromPartnerId, transfer.PartnerId };
            var reached = await db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => partners.Contains(x.Id)).Select(x => x.Id)
                .ToListAsync(cancellationToken);
            return TransferView.Of(transfer, reached.Contains);
        }
    }

    public static void Map(RouteGroupBuilder tenants) => tenants
        .MapGet("/{id:guid}/transfer", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new OrganizationId(id)), ct))
        .Slice<Query, TransferView>(nameof(GetTransfer), "Shows a tenant's newest transfer");
}

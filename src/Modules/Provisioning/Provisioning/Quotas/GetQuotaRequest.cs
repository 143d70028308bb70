using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <summary>One quota request.</summary>
internal static class GetQuotaRequest
{
    [Needs(ProvisioningPermissions.SubscriptionsRead)]
    public sealed record Query(Guid Id) : IQuery<QuotaRequestView>;

    internal sealed class Handler(ProvisioningDb db, Principal principal) : IQueryHandler<Query, QuotaRequestView>
    {
        public async Task<Result<QuotaRequestView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.QuotaRequests.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } found
                ? QuotaRequestView.Of(found)
                : QuotaRefusals.NotFound(query.Id);
    }

    public static void Map(RouteGroupBuilder requests) => requests
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(id), ct))
        .Slice<Query, QuotaRequestView>(nameof(GetQuotaRequest), "Reads a quota request");
}

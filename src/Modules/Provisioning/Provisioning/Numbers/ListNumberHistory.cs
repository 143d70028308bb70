using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>Who held a number, from when until when.</summary>
internal static class ListNumberHistory
{
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(InboundNumberId Id, int? Limit, string? After) : IQuery<Page<HoldingView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal) : IQueryHandler<Query, Page<HoldingView>>
    {
        public async Task<Result<Page<HoldingView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            // Each branch sees its own tenants' time, also when the number is long another's; whoever stands above sees all.
            var holdings = db.NumberHoldings.AsNoTracking().Within(principal.Scope).Where(x => x.NumberId == query.Id);
            if (!await db.InboundNumbers.Within(principal.Scope).AnyAsync(x => x.Id == query.Id, cancellationToken)
                && !await holdings.AnyAsync(cancellationToken))
                return NumberRefusals.NotFound(query.Id.Value);
            return await holdings.ToPageAsync(
                start, x => x.Id, x => new HoldingView(x.Id, x.TenantId, x.FromAt, x.UntilAt, x.BegunBy, x.EndedBy, x.Reason), x => x.Id,
                cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapGet("/{id:guid}/history", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new InboundNumberId(id), limit, after), ct))
        .Slice<Query, Page<HoldingView>>(nameof(ListNumberHistory), "Lists who held an inbound number, newest first");
}

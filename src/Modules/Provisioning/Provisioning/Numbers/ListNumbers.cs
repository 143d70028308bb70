using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>
/// The numbers of the caller's branch: those its tenants hold, those in quarantine after them, and what is free in pools of its own.
/// </summary>
internal static class ListNumbers
{
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(Guid? TenantId, string? State, string? Country, string? Type, string? Number, PageStart Start)
        : IQuery<Page<NumberView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<NumberView>>
    {
        public async Task<Result<Page<NumberView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (QueryWord.Refuses<NumberState>("state", query.State, out var state, out var refusal)
                || QueryWord.Refuses<NumberType>("type", query.Type, out var type, out refusal))
                return refusal;
            var now = clock.GetUtcNow();
            var rows = db.InboundNumbers.AsNoTracking().Within(principal.Scope);
            if (state is { } asked)
                rows = InState(rows, asked, now);
            if (query.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (query.Country is not null)
                rows = rows.Where(x => x.Country == query.Country);
            if (type is { } ofType)
                rows = rows.Where(x => x.Type == ofType);
            if (query.Number is not null)
            {
                var number = "+" + NumberRules.Prefix(query.Number);
                rows = rows.Where(x => x.Number == number);
            }

            return (await rows.ToPageAsync(query.Start, x => x.Id, x => x, x => x.Id.Value, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(x => NumberView.Of(x, principal.Scope, now));
        }

        // The same cases as InboundNumber.StateAt, for the database.
        private static IQueryable<InboundNumber> InState(IQueryable<InboundNumber> rows, NumberState state, DateTimeOffset now) => state switch
        {
            NumberState.Allocated => rows.Where(x => x.TenantId != null),
            NumberState.Withdrawn => rows.Where(x => x.WithdrawnAt != null),
            NumberState.Quarantined => rows.Where(x => x.TenantId == null && x.WithdrawnAt == null && x.QuarantinedUntil > now),
            _ => rows.Where(x => x.TenantId == null && x.WithdrawnAt == null && (x.QuarantinedUntil == null || x.QuarantinedUntil <= now)),
        };
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapGet("/",
            async (
                Guid? tenantId, string? state, string? country, string? type, string? number, int? limit, string? after, ISender sender,
                CancellationToken ct) => PageStart.Read(limit, after).Refused(out var refusal, out var start)
                    ? new RefusedResult(refusal)
                    : await sender.Ok(new Query(tenantId, state, country, type, number, start), ct))
        .Slice<Query, Page<NumberView>>(nameof(ListNumbers), "Lists the branch's inbound numbers, the last loaded first");
}

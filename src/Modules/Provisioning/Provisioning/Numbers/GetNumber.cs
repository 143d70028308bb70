using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>One number of the caller's branch.</summary>
internal static class GetNumber
{
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(InboundNumberId Id) : IQuery<NumberView>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, NumberView>
    {
        public async Task<Result<NumberView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.InboundNumbers.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } number
                ? NumberView.Of(number, principal.Scope, clock.GetUtcNow())
                : NumberRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new InboundNumberId(id)), ct))
        .Slice<Query, NumberView>(nameof(GetNumber), "Reads an inbound number");
}

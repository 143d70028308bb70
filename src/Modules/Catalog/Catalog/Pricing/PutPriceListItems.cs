using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>Adds items to a list and replaces those of the same SKU and meter; the others stay.</summary>
internal static class PutPriceListItems
{
    /// <param name="Items">By SKU and meter.</param>
    /// <param name="ValidFrom">
    /// The first day of the month from which on they cost this, at most the running one, which it is where nothing is said; what is new to the list
    /// holds ever since the list does then.
    /// </param>
    public sealed record Body(IReadOnlyList<ItemBody> Items, DateOnly? ValidFrom = null);

    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Command(PriceListId Id, IReadOnlyList<ItemBody> Items, DateOnly? ValidFrom) : ICommand<PriceListView>;

    internal sealed class Handler(
        CatalogDb db, PriceItems items, PriceMonths months, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, PriceListView>
    {
        public async Task<Result<PriceListView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var list = await db.PriceLists.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (list is null)
                return PriceListRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(list))
                return Precondition.Failed;
            if (months.Of(command.ValidFrom).Refused(out var refusal, out var from))
                return refusal;
            if ((await items.PutAsync(list, command.Items, from, cancellationToken)).Refused(out refusal, out _))
                return refusal;

            list.ItemsChange(clock.GetUtcNow());
            return await db.SavedAsync(() => PriceListView.Of(list), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapPut("/{id:guid}/items",
            (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Ok(new Command(new PriceListId(id), body.Items, body.ValidFrom), ct))
        .Slice<Command, PriceListView>(nameof(PutPriceListItems), "Adds or replaces items of a price list")
        .WithMetadata(new TakesIfMatch());
}

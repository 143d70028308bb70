using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Catalog.Plans;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>Raises or lowers the prices of a list at once, all of them or none; the preview shows the same without doing it.</summary>
internal static class AdjustPriceList
{
    /// <summary>More are refused rather than answered in part: adjust them by meter, or by the beginning of their SKU.</summary>
    public const int Most = 10_000;

    /// <param name="Percent">-100 to 1000: 5 makes 10 to 10.5. This or the amount.</param>
    /// <param name="Amount">Added to what is paid per unit or package; flat fees of tiers stay.</param>
    /// <param name="Decimals">Places to which each changed number is rounded, half away from zero: 0 to 12.</param>
    /// <param name="Meter">Only items of this meter.</param>
    /// <param name="SkuPrefix">Only items whose SKU begins so.</param>
    /// <param name="ValidFrom">The first day of the month from which on they cost this: the running one if nothing is said, or one before it.</param>
    public sealed record Body(
        decimal? Percent = null, decimal? Amount = null, int Decimals = PriceAdjustment.MostDecimals, string? Meter = null, string? SkuPrefix = null,
        DateOnly? ValidFrom = null);

    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Command(PriceListId Id, Body Change) : ICommand<AdjustmentView>;

    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Preview(PriceListId Id, Body Change) : IQuery<AdjustmentView>;

    /// <param name="Preview">True: nothing has been changed.</param>
    /// <param name="Changed">How many items have another price.</param>
    /// <param name="Items">All that were asked for, by SKU and meter.</param>
    public sealed record AdjustmentView(
        bool Preview, int Changed, IReadOnlyList<AdjustedItem> Items, [property: JsonIgnore] int Version) : IVersioned;

    public sealed record AdjustedItem(string Sku, string Meter, string Name, Price Old, Price New);

    internal sealed class Handler(
        CatalogDb db, PriceItems items, PriceMonths months, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, AdjustmentView>, IQueryHandler<Preview, AdjustmentView>
    {
        public async Task<Result<AdjustmentView>> Handle(Preview query, CancellationToken cancellationToken) =>
            (await AdjustedAsync(query.Id, query.Change, cancellationToken)).Refused(out var refusal, out var adjusted)
                ? refusal
                : ViewOf(true, adjusted);

        public async Task<Result<AdjustmentView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await AdjustedAsync(command.Id, command.Change, cancellationToken)).Refused(out var refusal, out var adjusted))
                return refusal;

            var changed = adjusted.Items.Where(IsChanged).ToList();
            if (changed.Count > 0)
            {
                await items.WriteAsync(
                    adjusted.List, [.. changed.Select(i => new PriceListItemView(i.Sku, i.Meter, i.Name, i.New))], adjusted.From, cancellationToken);
                adjusted.List.ItemsChange(clock.GetUtcNow());
                // The ETag is of the new version, which saving makes.
                await db.SaveChangesAsync(cancellationToken);
            }

            return ViewOf(false, adjusted);
        }

        private async Task<Result<Adjusted>> AdjustedAsync(PriceListId id, Body change, CancellationToken ct)
        {
            var list = await db.PriceLists.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct);
            if (list is null)
                return PriceListRefusals.NotFound(id.Value);
            if (precondition.Fails(list))
                return Precondition.Failed;
            if (months.Of(change.ValidFrom).Refused(out var refusal, out var from))
                return refusal;
            var adjustment = new PriceAdjustment(change.Percent, change.Amount, change.Decimals);
            if (adjustment.Check().ToList() is { Count: > 0 } errors)
                return Refusal.AllFields(errors);

            var found = await db.PriceListItems.AsNoTracking()
                .Where(x => x.PriceListId == id && (change.Meter == null || x.Meter == change.Meter)
                    && (change.SkuPrefix == null || x.Sku.StartsWith(change.SkuPrefix)))
                .OrderBy(x => x.Sku).ThenBy(x => x.Meter).Take(Most + 1).ToListAsync(ct);
            if (found.Count > Most)
                return Refusal.Field("", "too_many_items", $"At most {Most} items are adjusted at once; name a meter or a skuPrefix.");

            // A percentage of today's price would be no percentage of what it cost then.
            if (found.Find(x => x.ValidFrom > from.Month) is { } since)
                return Refusal.Field(
                    "/validFrom", "changed_since", $"{since.Sku} by {since.Meter} has another price since {since.ValidFrom:yyyy-MM-dd}.");

            List<AdjustedItem> adjusted = [.. found.Select(x => new AdjustedItem(x.Sku, x.Meter, x.Name, x.Price, adjustment.Of(x.Price)))];
            var pointer = change.Percent is null ? "/amount" : "/percent";
            List<FieldError> impossible =
            [
                .. adjusted.Where(i => !PriceAdjustment.Holds(i.New)).Select(i => new FieldError(
                    pointer, "out_of_range", $"It would take the price of {i.Sku} by {i.Meter} below 0 or above {PriceAdjustment.MostPrice}.")),
            ];
            return impossible.Count > 0 ? Refusal.AllFields(impossible) : new Adjusted(list, adjusted, from);
        }

        private static bool IsChanged(AdjustedItem item) => !item.Old.IsSameAs(item.New);

        private static AdjustmentView ViewOf(bool preview, Adjusted adjusted) =>
            new(preview, adjusted.Items.Count(IsChanged), adjusted.Items, adjusted.List.Version);

        private sealed record Adjusted(PriceList List, IReadOnlyList<AdjustedItem> Items, PriceMonths.Start From);
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapPost("/{id:guid}/adjust", (Guid id, Body body, ISender sender, CancellationToken ct, bool preview = false) => preview
            ? sender.Ok(new Preview(new PriceListId(id), body), ct)
            : sender.Ok(new Command(new PriceListId(id), body), ct))
        .Slice<Command, AdjustmentView>(nameof(AdjustPriceList), "Changes the prices of a list by percent or amount, or shows what that would do")
        .WithMetadata(new TakesIfMatch(), new SliceExample(new { percent = "5", decimals = 4, skuPrefix = "vm-" }));
}

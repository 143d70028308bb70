using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>
/// Changes items of a list by the CSV that its export writes: those that are there and no others, all rows or none. A column that is not
/// there leaves what it is about; an empty cell clears it.
/// </summary>
internal static class ImportPriceListItems
{
    public const int MostBytes = 8 * 1024 * 1024;

    /// <param name="Body">The CSV as it came, so that nobody without the permission causes the work of reading it.</param>
    /// <param name="ValidFrom">The first day of the month from which on the prices hold; null: the running one.</param>
    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Command(PriceListId Id, ReadOnlyMemory<byte> Body, DateOnly? ValidFrom) : ICommand<ImportView>;

    [Needs(CatalogPermissions.PricesManage)]
    public sealed record DryRun(PriceListId Id, ReadOnlyMemory<byte> Body, DateOnly? ValidFrom) : IQuery<ImportView>;

    /// <param name="DryRun">True: nothing has been changed.</param>
    /// <param name="Rows">Rows below the header that could be read.</param>
    /// <param name="Changed">Items that have another price or name.</param>
    /// <param name="ErrorCount">How many errors there are.</param>
    /// <param name="Errors">The first 100 of a dry run; without it they are a refusal.</param>
    public sealed record ImportView(
        bool DryRun, int Rows, int Changed, int ErrorCount, IReadOnlyList<RowError> Errors, [property: JsonIgnore] int Version) : IVersioned;

    internal sealed class Handler(
        CatalogDb db, PriceItems items, PriceMonths months, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, ImportView>, IQueryHandler<DryRun, ImportView>
    {
        public async Task<Result<ImportView>> Handle(DryRun query, CancellationToken cancellationToken) =>
            (await ReadAsync(query.Id, query.Body, query.ValidFrom, cancellationToken)).Refused(out var refusal, out var import)
                ? refusal
                : new ImportView(true, import.Rows, import.Changed.Count, import.Errors.Count, import.Errors.First, import.List.Version);

        public async Task<Result<ImportView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await ReadAsync(command.Id, command.Body, command.ValidFrom, cancellationToken)).Refused(out var refusal, out var import))
                return refusal;
            if (import.Errors.Count > 0)
                return import.Errors.ToRefusal();

            if (import.Changed.Count > 0)
            {
                await items.WriteAsync(import.List, import.Changed, import.From, cancellationToken);
                import.List.ItemsChange(clock.GetUtcNow());
                // The ETag is of the new version, which saving makes.
                await db.SaveChangesAsync(cancellationToken);
            }

            return new ImportView(false, import.Rows, import.Changed.Count, 0, [], import.List.Version);
        }

        private async Task<Result<Import>> ReadAsync(PriceListId id, ReadOnlyMemory<byte> body, DateOnly? validFrom, CancellationToken ct)
        {
            var list = await db.PriceLists.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct);
            if (list is null)
                return PriceListRefusals.NotFound(id.Value);
            if (precondition.Fails(list))
                return Precondition.Failed;
            if (months.Of(validFrom, "?validFrom").Refused(out var refusal, out var from)
                || CsvImport.TextOf(body.Span).Refused(out refusal, out var text))
                return refusal;

            var (rows, errors) = PriceCsvReader.Read(text);
            var skus = rows.Select(r => r.Cells[PriceCsv.Sku]).Distinct().ToList();
            var there = await db.PriceListItems.AsNoTracking().Where(x => x.PriceListId == id && skus.Contains(x.Sku))
                .Select(PriceListItemView.Projection).ToDictionaryAsync(x => (x.Sku, x.Meter), ct);
            // Of a month before, what has changed since changes again; what a row leaves is as it was then.
            var since = there.Where(x => x.Value.IsSince(from.Month)).Select(x => x.Key).ToHashSet();
            if (since.Count > 0)
                foreach (var then in await db.ItemsOn(from.Month).Where(x => x.PriceListId == id && skus.Contains(x.Sku))
                    .Select(PriceListItemView.Projection).ToListAsync(ct))
                    there[(then.Sku, then.Meter)] = then;
            var changed = PriceCsvReader.Apply(rows, there, since, errors);
            return new Import(list, rows.Count, changed, errors, from);
        }

        private sealed record Import(PriceList List, int Rows, IReadOnlyList<PriceListItemView> Changed, RowErrors Errors, PriceMonths.Start From);
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapPost("/{id:guid}/import", async (
            Guid id, DateOnly? validFrom, HttpRequest request, ISender sender, CancellationToken ct, bool dryRun = false) =>
        {
            var list = new PriceListId(id);
            if (await request.ReadUpToAsync(MostBytes, ct) is not { } body)
                return new RefusedResult(CsvImport.TooLarge);
            return dryRun ? await sender.Ok(new DryRun(list, body, validFrom), ct) : await sender.Ok(new Command(list, body, validFrom), ct);
        })
        .Accepts<string>(CsvImport.ContentType)
        .MaxBody(MostBytes)
        .Slice<Command, ImportView>(nameof(ImportPriceListItems), "Changes the items of a price list by CSV, or tries it with dryRun=true")
        .WithMetadata(new TakesIfMatch(), new SliceExample("sku,meter,unitPrice\r\nvm-small,vm.hours,0.045\r\n"));
}

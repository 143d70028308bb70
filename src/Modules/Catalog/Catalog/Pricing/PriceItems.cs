using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Catalog.Meters;
using Licensing.Catalog.Plans;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Catalog.Pricing;

/// <summary>Checks and writes the items of a list, in as many statements for a thousand as for one.</summary>
internal sealed class PriceItems(CatalogDb db, DbSession session, AuditTrail audit)
{
    public const int Most = 1_000;
    private const int LongestSku = 120;
    public static readonly string NameRule = $"1 to {Keys.LongestName} characters, none of them a control character";

    // The trail names so many; the count says how many there were.
    private const int MostNoted = 50;

    public static IReadOnlyList<FieldError> Check(IReadOnlyList<ItemBody> items, IReadOnlySet<string> meters)
    {
        if (items.Count > Most)
            return [new("/items", "count", $"items must have at most {Most} entries.")];

        var errors = new List<FieldError>();
        var seen = new HashSet<(string, string)>();
        for (var i = 0; i < items.Count; i++)
        {
            var at = $"/items/{i}";
            if (items[i] is not { } item)
            {
                errors.Add(new(at, "required", "An item must not be null."));
                continue;
            }

            if (string.IsNullOrWhiteSpace(item.Sku) || item.Sku.Length > LongestSku || item.Sku.Any(char.IsControl))
                errors.Add(new($"{at}/sku", "sku", $"sku must have 1 to {LongestSku} characters, none of them a control character."));
            else if (!seen.Add((item.Sku, item.Meter)))
                errors.Add(new($"{at}/sku", "duplicate", $"{item.Sku} is there twice with the same meter."));
            if (!meters.Contains(item.Meter))
                errors.Add(MeterRefusals.Unknown($"{at}/meter", item.Meter));
            if (!IsName(item.Name))
                errors.Add(new($"{at}/name", "name", $"An item's name must have {NameRule}."));
            errors.AddRange(CheckPrice(item.Price, $"{at}/price"));
        }

        return errors;
    }

    // A line break is how a quote that is not closed takes a row of a CSV into a name.
    public static bool IsName(string name) => !string.IsNullOrWhiteSpace(name) && name.Length <= Keys.LongestName && !name.Any(char.IsControl);

    public static IEnumerable<FieldError> CheckPrice(PriceBody price, string at)
    {
        if (price.Model is PriceModel.Flat)
            yield return new($"{at}/model", "model_not_allowed", "An item prices usage; flat belongs into a plan.");
        if (price.Prorate is true)
            yield return PriceRules.UsageProrated($"{at}/prorate");
        foreach (var error in PriceRules.Check(price, at))
            yield return error;
    }

    /// <summary>Adds what is new and replaces what is there; refuses all when one is wrong.</summary>
    public async Task<Result<Done>> PutAsync(PriceList list, IReadOnlyList<ItemBody> items, PriceMonths.Start from, CancellationToken ct)
    {
        var named = items.Where(i => i is not null).Select(i => i.Meter).Distinct().ToList();
        var meters = await db.Meters.Where(x => named.Contains(x.Key)).Select(x => x.Key).ToHashSetAsync(ct);
        if (Check(items, meters) is { Count: > 0 } errors)
            return Refusal.AllFields(errors);
        if (items.Count == 0)
            return new Done();

        var (skus, by) = (items.Select(i => i.Sku).ToArray(), items.Select(i => i.Meter).ToArray());
        if (list.Scope is PriceScope.Global && await ClashAsync(list, "unnest($5, $6)", [skus, by], ct) is { } clash)
            return clash;

        await WriteAsync(list, [.. items.Select(i => new PriceListItemView(i.Sku, i.Meter, i.Name, i.Price.ToPrice()))], from, ct);
        return new Done();
    }

    // What cost something else until then is kept for the months before; whatever it was to cost later is replaced.
    private const string Write = """
        with given as (select i.sku, i.meter, i.name, i.price from unnest($2, $3, $4, $5) as i (sku, meter, name, price)),
        was as (
            select p.sku, p.meter, p.name, p.price, p.valid_from from catalog.price_list_items p join given g using (sku, meter)
            where p.price_list_id = $1 and (p.price <> g.price or ($7 and $6 < p.valid_from))),
        replaced as (
            delete from catalog.former_prices f using was w
            where f.price_list_id = $1 and f.sku = w.sku and f.meter = w.meter and f.valid_from >= $6),
        ended as (
            update catalog.former_prices f set valid_until = $6 from was w
            where f.price_list_id = $1 and f.sku = w.sku and f.meter = w.meter and f.valid_from < $6 and f.valid_until > $6),
        kept as (
            insert into catalog.former_prices (price_list_id, sku, meter, valid_from, valid_until, name, price)
            select $1, sku, meter, valid_from, $6, name, price from was where valid_from < $6)
        insert into catalog.price_list_items as k (price_list_id, sku, meter, name, price, valid_from)
        select $1, sku, meter, name, price, case when $7 then $6 else '-infinity' end from given
        on conflict (price_list_id, sku, meter) do update set name = excluded.name, price = excluded.price,
            valid_from = case when k.price = excluded.price and not ($7 and $6 < k.valid_from) then k.valid_from else $6 end
        """;

    /// <summary>Writes items that are checked, in one statement.</summary>
    public async Task WriteAsync(PriceList list, IReadOnlyList<PriceListItemView> items, PriceMonths.Start from, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Write, session.Connection, session.Transaction);
        command.Parameters.Add(new() { Value = list.Id.Value });
        command.Parameters.Add(new() { Value = items.Select(i => i.Sku).ToArray() });
        command.Parameters.Add(new() { Value = items.Select(i => i.Meter).ToArray() });
        command.Parameters.Add(new() { Value = items.Select(i => i.Name).ToArray() });
        command.Parameters.Add(new()
        {
            Value = items.Select(i => JsonSerializer.Serialize(i.Price, StoredJson.Options)).ToArray(),
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
        });
        command.Parameters.Add(new() { Value = from.Month });
        command.Parameters.Add(new() { Value = from.IsSaid });
        await command.ExecuteNonQueryAsync(ct);
        audit.Note("price_list_items", list.Id.Value.ToString(), list.OwnerPath, new JsonObject
        {
            ["skus"] = new JsonArray(
                [.. items.Select(i => i.Sku).Distinct().Order(StringComparer.Ordinal).Take(MostNoted).Select(s => (JsonNode?)s)]),
            ["count"] = items.Count,
            ["validFrom"] = from.Month.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        });
    }

    /// <summary>All items of another list, unless they clash.</summary>
    public async Task<Result<Copied>> CopyAsync(PriceListId from, PriceList to, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            with former as (
                insert into catalog.former_prices (price_list_id, sku, meter, valid_from, valid_until, name, price)
                select $2, sku, meter, valid_from, valid_until, name, price from catalog.former_prices where price_list_id = $1)
            insert into catalog.price_list_items (price_list_id, sku, meter, name, price, valid_from)
            select $2, sku, meter, name, price, valid_from from catalog.price_list_items where price_list_id = $1
            """, session.Connection, session.Transaction)
        { Parameters = { new() { Value = from.Value }, new() { Value = to.Id.Value } } };
        var count = await command.ExecuteNonQueryAsync(ct);
        return await ClashAsync(to, ct) is { } clash ? clash : new Copied(count);
    }

    /// <summary>Why the items of a global list cannot be priced on its days, or null: another global list prices one of them.</summary>
    public async Task<Refusal?> ClashAsync(PriceList list, CancellationToken ct) => list.Scope is PriceScope.Global
        ? await ClashAsync(list, "(select sku, meter from catalog.price_list_items where price_list_id = $2)", [], ct)
        : null;

    // One writer of global prices per currency at a time, so that two lists cannot both find the SKU free.
    private async Task<Refusal?> ClashAsync(PriceList list, string asked, IReadOnlyList<string[]> values, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        { Parameters = { new() { Value = $"catalog.global-prices.{list.Currency.Code}" } } });
        var query = new NpgsqlBatchCommand($"""
            select i.sku, i.meter, l.key
            from {asked} as asked (sku, meter)
            join catalog.price_list_items i on i.sku = asked.sku and i.meter = asked.meter
            join catalog.price_lists l on l.id = i.price_list_id
            where l.scope = 'Global' and l.currency = $1 and l.id <> $2
                and (l.valid_until is null or l.valid_until > $3) and ($4::date is null or l.valid_from < $4)
            order by i.sku, i.meter, l.key limit 1
            """);
        query.Parameters.Add(new() { Value = list.Currency.Code });
        query.Parameters.Add(new() { Value = list.Id.Value });
        query.Parameters.Add(new() { Value = list.ValidFrom });
        query.Parameters.Add(new() { Value = (object?)list.ValidUntil ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Date });
        foreach (var value in values)
            query.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(query);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);
        return await rows.ReadAsync(ct) ? PriceListRefusals.PricedTwice(rows.GetString(0), rows.GetString(1), rows.GetString(2)) : null;
    }

    internal sealed record Copied(int Count);
}

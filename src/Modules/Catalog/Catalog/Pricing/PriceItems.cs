using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Catalog.Plans;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Catalog.Pricing;

/// <summary>An item as it is sent.</summary>
internal sealed record ItemBody(string Sku, string Meter, string Name, PriceBody Price);

/// <summary>Checks and writes the items of a list, in as many statements for a thousand as for one.</summary>
internal sealed class PriceItems(CatalogDb db, DbSession session, AuditTrail audit)
{
    public const int Most = 1_000;

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

            if (string.IsNullOrWhiteSpace(item.Sku) || item.Sku.Length > 120 || item.Sku.Any(char.IsControl))
                errors.Add(new($"{at}/sku", "sku", "sku must have 1 to 120 characters, none of them a control character."));
            else if (!seen.Add((item.Sku, item.Meter)))
                errors.Add(new($"{at}/sku", "duplicate", $"{item.Sku} is there twice with the same meter."));
            if (!meters.Contains(item.Meter))
                errors.Add(new($"{at}/meter", "unknown_meter", $"There is no meter {item.Meter}."));
            if (string.IsNullOrWhiteSpace(item.Name) || item.Name.Length > Keys.LongestName)
                errors.Add(new($"{at}/name", "name", $"An item's name must have 1 to {Keys.LongestName} characters."));
            if (item.Price.Model is PriceModel.Flat)
                errors.Add(new($"{at}/price/model", "model_not_allowed", "An item prices usage; flat belongs into a plan."));
            errors.AddRange(PriceRules.Check(item.Price, $"{at}/price"));
        }

        return errors;
    }

    /// <summary>Adds what is new and replaces what is there; refuses all when one is wrong.</summary>
    public async Task<Result<Done>> PutAsync(PriceList list, IReadOnlyList<ItemBody> items, CancellationToken ct)
    {
        var named = items.Where(i => i is not null).Select(i => i.Meter).Distinct().ToList();
        var meters = await db.Meters.Where(x => named.Contains(x.Key)).Select(x => x.Key).ToHashSetAsync(ct);
        if (Check(items, meters) is { Count: > 0 } errors)
            return Refusal.AllFields(errors);
        if (items.Count == 0)
            return new Done();

        var (skus, by) = (items.Select(i => i.Sku).ToArray(), items.Select(i => i.Meter).ToArray());
        if (list.Scope is PriceScope.Global && await ClashAsync(list, skus, by, ct) is { } clash)
            return clash;

        await using var command = new NpgsqlCommand("""
            insert into catalog.price_list_items (price_list_id, sku, meter, name, price)
            select $1, i.sku, i.meter, i.name, i.price from unnest($2, $3, $4, $5) as i (sku, meter, name, price)
            on conflict (price_list_id, sku, meter) do update set name = excluded.name, price = excluded.price
            """, session.Connection, session.Transaction);
        command.Parameters.Add(new() { Value = list.Id.Value });
        command.Parameters.Add(new() { Value = skus });
        command.Parameters.Add(new() { Value = by });
        command.Parameters.Add(new() { Value = items.Select(i => i.Name).ToArray() });
        command.Parameters.Add(new()
        {
            Value = items.Select(i => JsonSerializer.Serialize(i.Price.ToPrice(), StoredJson.Options)).ToArray(),
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
        });
        await command.ExecuteNonQueryAsync(ct);
        audit.Note("price_list_items", list.Id.Value.ToString(), list.OwnerPath, new JsonObject
        {
            ["skus"] = new JsonArray([.. skus.Distinct().Order(StringComparer.Ordinal).Take(50).Select(s => (JsonNode?)s)]),
            ["count"] = items.Count,
        });
        return new Done();
    }

    // One writer of global prices per currency at a time, so that two lists cannot both find the SKU free.
    private async Task<Refusal?> ClashAsync(PriceList list, string[] skus, string[] meters, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(session.Connection, session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        { Parameters = { new() { Value = $"catalog.global-prices.{list.Currency.Code}" } } });
        var query = new NpgsqlBatchCommand("""
            select i.sku, i.meter, l.key
            from unnest($1, $2) as asked (sku, meter)
            join catalog.price_list_items i on i.sku = asked.sku and i.meter = asked.meter
            join catalog.price_lists l on l.id = i.price_list_id
            where l.scope = 'Global' and l.currency = $3 and l.id <> $4
                and (l.valid_until is null or l.valid_until > $5) and ($6::date is null or l.valid_from < $6)
            order by i.sku, i.meter, l.key limit 1
            """);
        query.Parameters.Add(new() { Value = skus });
        query.Parameters.Add(new() { Value = meters });
        query.Parameters.Add(new() { Value = list.Currency.Code });
        query.Parameters.Add(new() { Value = list.Id.Value });
        query.Parameters.Add(new() { Value = list.ValidFrom });
        query.Parameters.Add(new() { Value = (object?)list.ValidUntil ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Date });
        batch.BatchCommands.Add(query);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);
        return await rows.ReadAsync(ct) ? PriceListRefusals.PricedTwice(rows.GetString(0), rows.GetString(1), rows.GetString(2)) : null;
    }
}

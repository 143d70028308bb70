using System.Collections.Concurrent;
using System.Text.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Runs;

/// <summary>Prices and taxes by which one round bills all its tenants.</summary>
/// <param name="Taxes">Of the month's last day.</param>
/// <param name="TaxesAhead">Of the first day after it.</param>
/// <param name="InAdvance">The plan versions with charges in advance; none of them: there is nothing to bill ahead.</param>
internal sealed record PinnedRates(
    Guid RunId, int Round, IPriceBook Book, TaxTable Taxes, TaxTable TaxesAhead, IReadOnlyDictionary<string, MeterRef> Meters,
    IReadOnlySet<PlanVersionId> InAdvance);

/// <summary>
/// The rates of the rounds that this process worked on lately, so that they are read once and not per chunk: of the month that is billed, and of
/// those that something came late for.
/// </summary>
internal sealed class PinnedRatesMemory
{
    private const int Most = 16;

    private readonly ConcurrentDictionary<Guid, PinnedRates> _known = [];

    public PinnedRates? Find(BillingRun run) => _known.GetValueOrDefault(run.Id) is { } known && known.Round == run.Round ? known : null;

    public void Keep(PinnedRates rates)
    {
        if (_known.Count >= Most)
            _known.Clear();
        _known[rates.RunId] = rates;
    }
}

/// <summary>
/// Keeps the prices and tax rates of the round's first instant in tables of its own: whoever changes them meanwhile does not split the run.
/// Plan versions and meters never change and need no keeping.
/// </summary>
internal sealed class RatePins(
    BillingDb db, DbSession session, IPinnedPrices pinned, IPriceBooks books, ICatalog catalog, PinnedRatesMemory memory)
{
    /// <summary>In the caller's transaction, which has locked the run.</summary>
    public async Task PinAsync(Guid run, Period period, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        var rows = new List<(Guid? Tenant, string Prices)>();
        var some = new List<PinnedPrice>();
        await foreach (var price in pinned.InForceAsync(period, ct))
        {
            if (some.Count > 0 && some[^1].TenantId != price.TenantId)
                rows.Add(Row(some));
            some.Add(price);
        }

        if (some.Count > 0)
            rows.Add(Row(some));
        // Of the first day after it, too, on which is taxed what is billed in advance.
        var taxes = await db.TaxRates.AsNoTracking().Where(x => x.ValidFrom <= period.End).OrderBy(x => x.Id).ToListAsync(ct);
        await using var batch = new NpgsqlBatch(connection, session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("delete from billing.run_prices where run_id = $1")
        {
            Parameters = { new() { Value = run } },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            insert into billing.run_prices (run_id, tenant_id, prices)
            select $1, p.tenant_id, p.prices::jsonb from unnest($2, $3) as p (tenant_id, prices)
            """)
        {
            Parameters =
            {
                new() { Value = run },
                new() { Value = rows.Select(r => r.Tenant).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
                new() { Value = rows.Select(r => r.Prices).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("update billing.runs set tax_rates = $2::jsonb where id = $1")
        {
            Parameters =
            {
                new() { Value = run },
                new() { Value = JsonSerializer.Serialize(taxes, StoredJson.Options), NpgsqlDbType = NpgsqlDbType.Text },
            },
        });
        await batch.ExecuteNonQueryAsync(ct);

        static (Guid?, string) Row(List<PinnedPrice> some)
        {
            var row = (some[0].TenantId?.Value, JsonSerializer.Serialize(some, StoredJson.Options));
            some.Clear();
            return row;
        }
    }

    /// <summary>What the round was pinned to; the book also has the prices of these tenants.</summary>
    public async Task<PinnedRates> OpenAsync(BillingRun run, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        var shared = memory.Find(run);
        if (shared is null)
        {
            await using var ask = new NpgsqlCommand("select tax_rates::text from billing.runs where id = $1", connection, session.Transaction)
            { Parameters = { new() { Value = run.Id } } };
            // A month of before rates were kept has none.
            if (await ask.ExecuteScalarAsync(ct) is not string kept)
                return await PresentAsync(run.Period, tenants, ct);
            var taxes = JsonSerializer.Deserialize<List<CountryTaxRate>>(kept, StoredJson.Options)!;
            shared = new PinnedRates(
                run.Id, run.Round, pinned.Open(await ReadAsync("tenant_id is null", ct, run.Id)), new TaxTable(taxes, run.PeriodEnd.AddDays(-1)),
                new TaxTable(taxes, run.PeriodEnd), await catalog.MetersAsync(ct), await catalog.InAdvanceAsync(ct));
            // While a round is planned these are the rates of the one before it.
            if (run.State is not RunState.Planning)
                memory.Keep(shared);
        }

        var own = await ReadAsync("tenant_id = any ($2)", ct, run.Id, tenants.Select(x => x.Value).ToArray());
        return own.Count == 0 ? shared : shared with { Book = new LayeredBook(pinned.Open(own), shared.Book) };
    }

    /// <summary>As they are now; for what is only shown.</summary>
    public async Task<PinnedRates> PresentAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var taxes = await db.TaxRates.AsNoTracking().ToListAsync(ct);
        return new PinnedRates(
            Guid.Empty, 0, await books.OpenAsync(period, tenants, ct), new TaxTable(taxes, period.End.AddDays(-1)), new TaxTable(taxes, period.End),
            await catalog.MetersAsync(ct), await catalog.InAdvanceAsync(ct));
    }

    private async Task<List<PinnedPrice>> ReadAsync(string which, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(
            $"select prices::text from billing.run_prices where run_id = $1 and {which}", await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        var found = new List<PinnedPrice>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.AddRange(JsonSerializer.Deserialize<List<PinnedPrice>>(rows.GetString(0), StoredJson.Options)!);
        return found;
    }

    // A tenant's own prices go before a region's, which stand with everyone's.
    private sealed class LayeredBook(IPriceBook own, IPriceBook everyones) : IPriceBook
    {
        public FoundPrice? Find(
            string sku, string meter, Currency currency, Currency other, string? region, OrganizationId tenant, Guid subscription) =>
            own.Find(sku, meter, currency, other, region, tenant, subscription)
            ?? everyones.Find(sku, meter, currency, other, region, tenant, subscription);
    }
}

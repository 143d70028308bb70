using System.Collections.Concurrent;
using System.Text.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Rating;
using Licensing.Billing.Settlement;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Runs;

/// <summary>Prices, taxes and exchange rates by which one round bills all its tenants.</summary>
/// <param name="Taxes">Of the month's last day.</param>
/// <param name="TaxesAhead">Of the first day after it.</param>
/// <param name="InAdvance">The plan versions with charges in advance; none of them: there is nothing to bill ahead.</param>
internal sealed record PinnedRates(
    Guid RunId, int Round, IPriceBook Book, TaxTable Taxes, TaxTable TaxesAhead, IReadOnlyDictionary<string, MeterRef> Meters,
    IReadOnlySet<PlanVersionId> InAdvance)
{
    /// <summary>Those in force on the month's last day; null where what is needed is read: of what is only shown, and of old rounds.</summary>
    public IReadOnlyDictionary<(Currency From, Currency To), Exchange>? Exchange { get; init; }

    /// <summary>By which own prices those are rated that the month's bill has nothing of; to be kept of whom something is billed late.</summary>
    public IReadOnlyList<LatePrices> Late { get; init; } = [];

    /// <summary>Of months that were billed before their plans' days were told apart: all usage is the last plan's, as it was then.</summary>
    public bool ByLastPlan { get; init; }
}

/// <summary>
/// The rates of the rounds that this process worked on lately, so that they are read once and not per chunk: of the month that is billed, and of
/// those that something came late for.
/// </summary>
internal sealed class PinnedRatesMemory
{
    private const int Most = 16;

    private readonly ConcurrentDictionary<(Guid Run, int Round), PinnedRates> _known = [];

    public PinnedRates? Find(Guid run, int round) => _known.GetValueOrDefault((run, round));

    public void Keep(PinnedRates rates)
    {
        if (_known.Count >= Most)
            _known.Clear();
        _known[(rates.RunId, rates.Round)] = rates;
    }
}

/// <summary>
/// Keeps the prices, tax and exchange rates of the round's first instant in tables of its own: whoever changes them meanwhile does not split the
/// run. They stay as long as an invoice of the round stands, for what comes late to it. Plan versions and meters never change.
/// </summary>
internal sealed class RatePins(
    BillingDb db, DbSession session, IPinnedPrices pinned, IPriceBooks books, IExchangeRates exchange, ICatalog catalog, PinnedRatesMemory memory,
    LatePriceBook late)
{
    // What the round before had as well goes on; the rest is this round's own.
    private const string KeepPrices =
        """
        with given as materialized (select tenant_id, prices::jsonb as prices from unnest($3, $4) as p (tenant_id, prices)),
        same as (
            update billing.run_prices p set last_round = $2 from given g
            where p.run_id = $1 and p.last_round = (select max(round) from billing.run_rounds where run_id = $1)
                and coalesce(p.tenant_id, $5) = coalesce(g.tenant_id, $5) and p.prices = g.prices
            returning coalesce(p.tenant_id, $5) as tenant_id)
        insert into billing.run_prices (run_id, tenant_id, prices, first_round, last_round)
        select $1, g.tenant_id, g.prices, $2, $2 from given g left join same s on s.tenant_id = coalesce(g.tenant_id, $5) where s.tenant_id is null
        """;

    private const string KeepRound =
        "insert into billing.run_rounds (run_id, round, tax_rates, exchange_rates) values ($1, $2, $3::jsonb, $4::jsonb)";

    // Nobody looks at a round again of which no invoice stands: who had nothing to pay then was looked at by this one once more.
    private const string ForgetRounds =
        """
        delete from billing.run_rounds r using billing.runs u
        where r.run_id = $1 and r.round < $2 and u.id = $1 and not exists (
            select from billing.invoices i
            where i.seller_id = u.seller_id and i.period_start = u.period_start and i.period_end = u.period_end and i.kind = 'Regular'
                and i.status <> 'Void'
                and coalesce(i.round, (select min(round) from billing.run_rounds where run_id = $1)) = r.round)
        """;

    private const string ForgetPrices =
        """
        delete from billing.run_prices p where p.run_id = $1 and p.last_round < $2 and not exists (
            select from billing.run_rounds r where r.run_id = $1 and r.round between p.first_round and p.last_round)
        """;

    /// <summary>In the caller's transaction, which has locked the run.</summary>
    public async Task PinAsync(BillingRun run, CancellationToken ct)
    {
        var period = run.Period;
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
        var taxes = await db.TaxRatesOfAsync(period, null, ct);
        var rates = await exchange.InForceAsync(Currency.All, Currency.All, period.End.AddDays(-1), ct);
        await using var batch = new NpgsqlBatch(connection, session.Transaction);
        void Add(string sql, params NpgsqlParameter[] values)
        {
            var command = new NpgsqlBatchCommand(sql) { Parameters = { new() { Value = run.Id }, new() { Value = run.Round } } };
            foreach (var value in values)
                command.Parameters.Add(value);
            batch.BatchCommands.Add(command);
        }

        Add(
            KeepPrices, new() { Value = rows.Select(r => r.Tenant).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
            new() { Value = rows.Select(r => r.Prices).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            new() { Value = Guid.Empty });
        Add(KeepRound, Json(taxes), Json(rates));
        Add(ForgetRounds);
        Add(ForgetPrices);
        await batch.ExecuteNonQueryAsync(ct);

        static NpgsqlParameter Json<T>(T value) =>
            new() { Value = JsonSerializer.Serialize(value, StoredJson.Options), NpgsqlDbType = NpgsqlDbType.Text };

        static (Guid?, string) Row(List<PinnedPrice> some)
        {
            var row = (some[0].TenantId?.Value, JsonSerializer.Serialize(some, StoredJson.Options));
            some.Clear();
            return row;
        }
    }

    /// <summary>What the run's round was pinned to; the book also has the prices of these tenants.</summary>
    /// <param name="run">The month's.</param>
    /// <param name="tenants">Whose own prices.</param>
    /// <param name="ct">Cancels.</param>
    /// <param name="billedIn">An earlier round, of which their invoices are; 0 is the first that was kept.</param>
    /// <param name="unbilled">Of whom own prices go before the round's, as they were when something was first billed late.</param>
    public async Task<PinnedRates> OpenAsync(
        BillingRun run, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct, int? billedIn = null,
        UnbilledSubscriptions? unbilled = null)
    {
        // While a round is planned the rates are those of the one before it.
        var shared = billedIn is null && run.State is not RunState.Planning ? memory.Find(run.Id, run.Round) : null;
        shared ??= await KeptAsync(run, billedIn ?? run.Round, ct);
        // A month of before rates were kept has none.
        if (shared is null)
            return await PresentAsync(run.Period, tenants, ct);
        var own = await ReadAsync("tenant_id = any ($3)", ct, run.Id, shared.Round, tenants.Select(x => x.Value).ToArray());
        var rates = shared with { Book = Layered(own, shared.Book) };
        var lastRound = shared.Round;
        if (billedIn is not null && shared.Round < run.Round)
        {
            // What had no price or rate when it was billed may have got one since; else what came late could never be billed.
            var last = await OpenAsync(run, tenants, ct);
            lastRound = last.Round;
            rates = rates with
            {
                Book = new LayeredBook(rates.Book, last.Book),
                Taxes = rates.Taxes.Or(last.Taxes),
                TaxesAhead = rates.TaxesAhead.Or(last.TaxesAhead),
                Exchange = rates.Exchange is { } known && last.Exchange is { } since
                    ? known.Concat(since.Where(x => !known.ContainsKey(x.Key))).ToDictionary()
                    : rates.Exchange,
            };
        }

        if (unbilled is null)
            return rates;
        var named = own.Select(price => price.SubscriptionId).OfType<Guid>().ToHashSet();
        var unknown = unbilled.Tenants.Where(x => !named.Contains(x.Key)).ToDictionary();
        // A tenant of whom the round has prices was known to it, whatever he was billed.
        var newcomers = unbilled.Newcomers.Except(own.Select(price => price.TenantId).OfType<OrganizationId>()).ToList();
        return unknown.Count == 0
            ? rates
            : await WithOwnAsync(rates, run, unbilled with { Tenants = unknown, Newcomers = newcomers }, lastRound, ct);
    }

    // The prices that were agreed for a subscription go before everyone's of a round that did not know it: those that it was billed late by, where it
    // was; else those of the last round, else as they are.
    private async Task<PinnedRates> WithOwnAsync(
        PinnedRates rates, BillingRun run, UnbilledSubscriptions unknown, int lastRound, CancellationToken ct)
    {
        var kept = await late.OfAsync(run, rates.Round, unknown.BilledWith, unknown.Tenants, ct);
        var never = unknown.Tenants.Where(x => kept.GetValueOrDefault(x.Key).Prices is null).ToDictionary();
        var now = await OwnAsync(rates, run, never, unknown.Newcomers, lastRound, ct);
        IReadOnlyList<LatePrices> own =
        [
            .. unknown.Tenants.Select(x => (x.Key, x.Value, Kept: kept.GetValueOrDefault(x.Key))).Select(x => new LatePrices(
                rates.RunId, rates.Round, x.Value, new(x.Key), x.Kept.Version, x.Kept.Prices ?? [.. now[x.Key]])),
        ];
        // What its tenant's lists had is each one's own: another of his may be billed late by other prices of his.
        var theirs = own.SelectMany(x => x.Prices.Where(price => price.SubscriptionId is null)
            .Select(price => price with { SubscriptionId = x.SubscriptionId.Value })).ToList();
        var mine = own.SelectMany(x => x.Prices.Where(price => price.SubscriptionId is not null)).ToList();
        return rates with { Late = own, Book = Layered(mine, Layered(theirs, rates.Book)) };
    }

    private IPriceBook Layered(List<PinnedPrice> first, IPriceBook then) =>
        first.Count == 0 ? then : new LayeredBook(pinned.Open(first), then);

    // Of each subscription its own list's, and of one of a newcomer his lists' beside them.
    private async Task<ILookup<Guid, PinnedPrice>> OwnAsync(
        PinnedRates rates, BillingRun run, IReadOnlyDictionary<Guid, OrganizationId> unknown, IReadOnlyCollection<OrganizationId> newcomers,
        int lastRound, CancellationToken ct)
    {
        if (unknown.Count == 0)
            return Enumerable.Empty<PinnedPrice>().ToLookup(_ => Guid.Empty);
        var tenants = unknown.Values.Distinct().ToList();
        var since = lastRound == rates.Round
            ? []
            : await ReadAsync("tenant_id = any ($3)", ct, run.Id, lastRound, tenants.Select(x => x.Value).ToArray());
        var own = since.Where(price => price.SubscriptionId is { } id && unknown.ContainsKey(id)).ToList();
        var never = unknown.Keys.Except(own.Select(price => price.SubscriptionId!.Value)).ToList();
        if (never.Count > 0)
            own.AddRange(await pinned.OfSubscriptionsAsync(run.Period, tenants, never, ct));
        var theirs = since.Where(price => price is { SubscriptionId: null, TenantId: { } id } && newcomers.Contains(id)).ToList();
        var others = newcomers.Except(theirs.Select(price => price.TenantId!.Value)).ToList();
        if (others.Count > 0)
            theirs.AddRange(await pinned.OfTenantsAsync(run.Period, others, ct));
        var byTenant = theirs.ToLookup(price => price.TenantId);
        return own.Select(price => (Of: price.SubscriptionId!.Value, Price: price))
            .Concat(unknown.SelectMany(x => byTenant[x.Value].Select(price => (Of: x.Key, Price: price))))
            .ToLookup(x => x.Of, x => x.Price);
    }

    private async Task<PinnedRates?> KeptAsync(BillingRun run, int round, CancellationToken ct)
    {
        int kept;
        List<CountryTaxRate> taxes;
        List<ExchangeRateRef>? rates;
        await using (var ask = new NpgsqlCommand(
            """
            select round, tax_rates::text, exchange_rates::text from billing.run_rounds where run_id = $1
            order by round <= $2 desc, abs(round - $2) limit 1
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = run.Id }, new() { Value = round } } })
        await using (var row = await ask.ExecuteReaderAsync(ct))
        {
            if (!await row.ReadAsync(ct))
                return null;
            kept = row.GetInt32(0);
            taxes = JsonSerializer.Deserialize<List<CountryTaxRate>>(row.GetString(1), StoredJson.Options)!;
            rates = row.IsDBNull(2) ? null : JsonSerializer.Deserialize<List<ExchangeRateRef>>(row.GetString(2), StoredJson.Options);
        }

        if (memory.Find(run.Id, kept) is { } known)
            return known;
        var found = new PinnedRates(
            run.Id, kept, pinned.Open(await ReadAsync("tenant_id is null", ct, run.Id, kept)), new TaxTable(taxes, run.PeriodEnd.AddDays(-1)),
            new TaxTable(taxes, run.PeriodEnd), await catalog.MetersAsync(ct), await catalog.InAdvanceAsync(ct))
        {
            Exchange = rates?.ToDictionary(rate => (rate.From, rate.To), rate => new Exchange(rate.From, rate.Rate, rate.Date)),
        };
        memory.Keep(found);
        return found;
    }

    /// <summary>As they are now; for what is only shown.</summary>
    public async Task<PinnedRates> PresentAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var taxes = await db.TaxRatesOfAsync(period, tenants, ct);
        return new PinnedRates(
            Guid.Empty, 0, await books.OpenAsync(period, tenants, ct), new TaxTable(taxes, period.End.AddDays(-1)), new TaxTable(taxes, period.End),
            await catalog.MetersAsync(ct), await catalog.InAdvanceAsync(ct));
    }

    private async Task<List<PinnedPrice>> ReadAsync(string which, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(
            $"select prices::text from billing.run_prices where run_id = $1 and $2 between first_round and last_round and {which}",
            await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        var found = new List<PinnedPrice>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.AddRange(JsonSerializer.Deserialize<List<PinnedPrice>>(rows.GetString(0), StoredJson.Options)!);
        return found;
    }

    // What the first has not: a tenant's own prices go before a region's, which stand with everyone's, and those of his round before later ones.
    private sealed class LayeredBook(IPriceBook first, IPriceBook then) : IPriceBook
    {
        public FoundPrice? Find(
            string sku, string meter, Currency currency, Currency other, string? region, OrganizationId tenant, Guid subscription) =>
            first.Find(sku, meter, currency, other, region, tenant, subscription)
            ?? then.Find(sku, meter, currency, other, region, tenant, subscription);
    }
}

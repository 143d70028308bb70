using Licensing.Billing.Contracts;
using Licensing.Catalog.Contracts;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Commissions.Statements;

/// <summary>
/// Exchange rates by which commissions are worked out: those that a closed month was worked out by, else those that Catalog has recorded.
/// </summary>
internal sealed class ExchangeRateBook(DbSession session, IExchangeRates recorded)
{
    /// <summary>All that a run of the month may ask for; none is read where all is in one currency.</summary>
    public async Task<ExchangeRatesUsed> ForAsync(
        Period period, IReadOnlyList<InvoicedNet> documents, IReadOnlyList<OrganizationRef> earners, SchemesInForce schemes, CancellationToken ct)
    {
        var to = earners.Select(x => x.Currency).ToHashSet();
        var from = documents.Select(x => x.Net.Currency).Concat(to).ToHashSet();
        from.UnionWith(earners.Select(x => schemes.Of(x)?.MinimumPayout?.Currency).OfType<Currency>());
        if (from.Count <= 1)
            return ExchangeRatesUsed.None;

        DateOnly[] days = [.. documents.Select(x => x.InvoicePeriod).Append(period).Distinct().Select(ExchangeRatesUsed.DayOf).Order()];
        var known = new Dictionary<(DateOnly, Currency, Currency), decimal>();
        foreach (var day in days)
            foreach (var rate in await recorded.InForceAsync(from, to, day, ct))
                known[(day, rate.From, rate.To)] = rate.Rate;
        await ReplaceByKeptAsync(known, days, ct);
        return new ExchangeRatesUsed(known);
    }

    /// <summary>From now on what is worked out of these days is worked out by these.</summary>
    public async Task KeepAsync(ExchangeRatesUsed rates, CancellationToken ct)
    {
        if (rates.Known.Count == 0)
            return;
        await using var insert = new NpgsqlCommand(
            """
            insert into commissions.exchange_rates (day, from_currency, to_currency, rate)
            select * from unnest($1, $2, $3, $4) on conflict do nothing
            """,
            await session.OpenAsync(ct));
        insert.Parameters.Add(new() { Value = rates.Known.Keys.Select(x => x.Day).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
        insert.Parameters.Add(new() { Value = rates.Known.Keys.Select(x => x.From.Code).ToArray() });
        insert.Parameters.Add(new() { Value = rates.Known.Keys.Select(x => x.To.Code).ToArray() });
        insert.Parameters.Add(new() { Value = rates.Known.Values.ToArray() });
        await insert.ExecuteNonQueryAsync(ct);
    }

    private async Task ReplaceByKeptAsync(Dictionary<(DateOnly, Currency, Currency), decimal> known, DateOnly[] days, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(
            "select day, from_currency, to_currency, rate from commissions.exchange_rates where day = any ($1)", await session.OpenAsync(ct));
        select.Parameters.Add(new() { Value = days, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
        await using var row = await select.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            known[(row.GetFieldValue<DateOnly>(0), Currency.Parse(row.GetString(1)), Currency.Parse(row.GetString(2)))] = row.GetDecimal(3);
    }
}

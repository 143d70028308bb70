using System.Text.Json.Nodes;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Catalog.Directories;

/// <summary>
/// Adds rates, all of them or none. One that is there with the same value is left as it is, so that a nightly job may send its days again;
/// with another value it is refused, since documents were made with the old one.
/// </summary>
internal static class RecordExchangeRates
{
    public const int Most = 1_000;
    public const decimal MostRate = 1_000_000_000;

    // The trail names so many; the count says how many there were.
    private const int MostNoted = 50;
    private static readonly DateOnly First = new(1970, 1, 1);

    /// <param name="From">One unit of it …</param>
    /// <param name="To">… in this currency …</param>
    /// <param name="Date">… from this day until the pair's next rate …</param>
    /// <param name="Rate">… is this much: above 0, at most a billion.</param>
    public sealed record RateBody(Currency From, Currency To, DateOnly Date, decimal Rate);

    [Needs(CatalogPermissions.RatesManage)]
    public sealed record Command(IReadOnlyList<RateBody> Rates) : ICommand<RecordedView>;

    /// <param name="Added">Rates that were not there.</param>
    /// <param name="Unchanged">Rates that were there with the same value.</param>
    public sealed record RecordedView(int Added, int Unchanged);

    internal sealed class Handler(DbSession session, AuditTrail audit, TimeProvider clock) : ICommandHandler<Command, RecordedView>
    {
        public async Task<Result<RecordedView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            // Somewhere on earth it is tomorrow already. Beyond that a date is a slip, which could never be corrected.
            if (Check(command.Rates, DateOnly.FromDateTime(now.UtcDateTime).AddDays(1)) is { Count: > 0 } errors)
                return Refusal.AllFields(errors);

            var added = await AddAsync(command.Rates, now, cancellationToken);
            if (await FixedAsync(command.Rates, cancellationToken) is { Count: > 0 } others)
                return ExchangeRateRefusals.Fixed(others);

            audit.Note("exchange_rates", Id.NewGuid(now).ToString(), null, new JsonObject
            {
                ["added"] = added,
                ["rates"] = new JsonArray([.. command.Rates.Take(MostNoted).Select(r => (JsonNode?)$"{r.From}/{r.To} {r.Date:yyyy-MM-dd} {r.Rate}")]),
            });
            return new RecordedView(added, command.Rates.Count - added);
        }

        // Waits for whoever is recording the same rate now, so that what is read next is what stays.
        private async Task<int> AddAsync(IReadOnlyList<RateBody> rates, DateTimeOffset now, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand("""
                insert into catalog.exchange_rates (from_currency, to_currency, rate_date, rate, recorded_at)
                select r.f, r.t, r.d, r.rate, $5 from unnest($1, $2, $3, $4) as r (f, t, d, rate)
                order by r.f, r.t, r.d
                on conflict (from_currency, to_currency, rate_date) do nothing
                """, await session.OpenAsync(ct), session.Transaction);
            AddRates(command, rates);
            command.Parameters.Add(new() { Value = now });
            return await command.ExecuteNonQueryAsync(ct);
        }

        private async Task<List<FieldError>> FixedAsync(IReadOnlyList<RateBody> rates, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand("""
                select asked.i, e.rate from unnest($1, $2, $3, $4) with ordinality as asked (f, t, d, rate, i)
                join catalog.exchange_rates e on e.from_currency = asked.f and e.to_currency = asked.t and e.rate_date = asked.d
                where e.rate <> asked.rate order by asked.i
                """, session.Connection, session.Transaction);
            AddRates(command, rates);
            var others = new List<FieldError>();
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct))
            {
                var i = (int)rows.GetInt64(0) - 1;
                others.Add(new($"/rates/{i}/rate", "exchange_rate_fixed",
                    $"The rate from {rates[i].From} to {rates[i].To} on {rates[i].Date:yyyy-MM-dd} "
                    + $"is {DecimalStrings.Of(rows.GetDecimal(1))} and never changes."));
            }

            return others;
        }

        private static void AddRates(NpgsqlCommand command, IReadOnlyList<RateBody> rates)
        {
            command.Parameters.Add(new() { Value = rates.Select(r => r.From.Code).ToArray() });
            command.Parameters.Add(new() { Value = rates.Select(r => r.To.Code).ToArray() });
            command.Parameters.Add(new() { Value = rates.Select(r => r.Date).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
            command.Parameters.Add(new() { Value = rates.Select(r => r.Rate).ToArray() });
        }

        private static List<FieldError> Check(IReadOnlyList<RateBody> rates, DateOnly last)
        {
            if (rates.Count is 0 or > Most)
                return [new("/rates", "count", $"rates must have 1 to {Most} entries.")];

            var errors = new List<FieldError>();
            var seen = new HashSet<(Currency, Currency, DateOnly)>();
            for (var i = 0; i < rates.Count; i++)
            {
                var (rate, at) = (rates[i], $"/rates/{i}");
                if (rate.From == rate.To)
                    errors.Add(new($"{at}/to", "same_currency", "to must be another currency than from."));
                if (rate.Date < First || rate.Date > last)
                    errors.Add(new($"{at}/date", "out_of_range", $"date must be {First:yyyy-MM-dd} to {last:yyyy-MM-dd}."));
                if (rate.Rate is <= 0 or > MostRate)
                    errors.Add(new($"{at}/rate", "out_of_range", $"rate must be above 0 and at most {MostRate}."));
                if (!seen.Add((rate.From, rate.To, rate.Date)))
                    errors.Add(new(at, "duplicate", $"The rate from {rate.From} to {rate.To} on {rate.Date:yyyy-MM-dd} is there twice."));
            }

            return errors;
        }
    }

    public static void Map(RouteGroupBuilder directory) => directory
        .MapPost("/exchange-rates", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, RecordedView>(nameof(RecordExchangeRates), "Adds exchange rates; what is recorded never changes")
        .WithMetadata(new SliceExample(new { rates = new[] { new { from = "EUR", to = "USD", date = "2026-01-15", rate = "1.0823" } } }));
}

using Licensing.Billing.Runs;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Exports;

/// <summary>The journal of a month that is over, as CSV for the ERP; the same bytes whenever it is asked for.</summary>
internal static class ExportLedger
{
    [Needs(BillingPermissions.LedgerExport)]
    public sealed record Query(string Period) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<JournalRow> Rows, Period Month);

    internal sealed class Handler(JournalExport journal, BillingCalendar calendar, Principal principal, TimeProvider clock)
        : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(query.Period, out var month))
                return PeriodRefusals.NotAMonthIn("period");
            if (month.End > calendar.DayOf(clock.GetUtcNow()))
                return RunRefusals.PeriodNotOver(month);
            await journal.CloseAsync(month, cancellationToken);
            return new Export(journal.ReadAsync(month, principal.Scope, cancellationToken), month);
        }
    }

    private static CsvResult<JournalRow> CsvOf(Export export) =>
        new(export.Rows, $"journal-{export.Month.Start:yyyy-MM}.csv", JournalExport.Columns);

    public static void Map(RouteGroupBuilder exports) => exports
        .MapGet("/ledger", async (string period, ISender sender, CancellationToken ct) =>
            (await sender.Send(new Query(period), ct)).Refused(out var refusal, out var export) ? new RefusedResult(refusal) : (IResult)CsvOf(export))
        .Slice<Query, string>(nameof(ExportLedger), "Exports the journal entries of a month that is over as CSV");

    public static OpsCommand Ops { get; } = new(
        "billing export", "Writes the journal of a month that is over to a file, as /api/v1/exports/ledger answers it.",
        [
            new OpsArgument("--period", "The month, yyyy-MM.", OpsArgumentKind.Required),
            new OpsArgument("--out", "The file to write.", OpsArgumentKind.Required),
        ],
        async (call, ct) =>
        {
            if ((await call.Services.GetRequiredService<ISender>().Send(new Query(call["--period"]!), ct)).Refused(out var refusal, out var export))
                return refusal;
            var path = call["--out"]!;
            if (await CsvFile.WriteAsync(path, CsvOf(export), ct) is { } notWritten)
                return notWritten;
            return new OpsAnswer(new { Period = call["--period"], File = path, Bytes = new FileInfo(path).Length });
        });
}

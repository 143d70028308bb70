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
            if (!await journal.IsClosedAsync(month, cancellationToken))
                return JournalRefusals.MonthOpen(month);
            return new Export(journal.ReadAsync(month, principal.Scope, cancellationToken), month);
        }
    }

    // The first export of who may close a month closes it; for all others it waits for that.
    private static async Task<Result<Export>> ExportAsync(ISender sender, Principal principal, string period, CancellationToken ct)
    {
        var query = new Query(period);
        var answer = await sender.Send(query, ct);
        if (answer.Refusal?.Code is not JournalRefusals.MonthOpenCode || !principal.Access.May(BillingPermissions.LedgerClose))
            return answer;
        return (await sender.Send(new CloseJournalMonth.Command(period), ct)).Refused(out var refusal, out _)
            ? refusal
            : await sender.Send(query, ct);
    }

    private static CsvResult<JournalRow> CsvOf(Export export) =>
        new(export.Rows, $"journal-{export.Month.Start:yyyy-MM}.csv", JournalExport.Columns);

    public static void Map(RouteGroupBuilder exports) => exports
        .MapGet("/ledger", async (string period, ISender sender, Principal principal, CancellationToken ct) =>
            (await ExportAsync(sender, principal, period, ct)).Refused(out var refusal, out var export)
                ? new RefusedResult(refusal)
                : (IResult)CsvOf(export))
        .Slice<Query, string>(nameof(ExportLedger), "Exports the journal entries of a month that is over as CSV");

    public static OpsCommand Ops { get; } = new(
        "billing export", "Writes the journal of a month that is over to a file, as /api/v1/exports/ledger answers it.",
        [
            new OpsArgument("--period", "The month, yyyy-MM.", OpsArgumentKind.Required),
            new OpsArgument("--out", "The file to write.", OpsArgumentKind.Required),
        ],
        async (call, ct) =>
        {
            var (sender, principal) = (call.Services.GetRequiredService<ISender>(), call.Services.GetRequiredService<Principal>());
            if ((await ExportAsync(sender, principal, call["--period"]!, ct)).Refused(out var refusal, out var export))
                return refusal;
            var path = call["--out"]!;
            if (await CsvFile.WriteAsync(path, CsvOf(export), ct) is { } notWritten)
                return notWritten;
            return new OpsAnswer(new { Period = call["--period"], File = path, Bytes = new FileInfo(path).Length });
        });
}

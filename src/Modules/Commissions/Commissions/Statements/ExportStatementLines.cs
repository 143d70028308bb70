using System.Globalization;
using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>All documents of a statement as CSV.</summary>
internal static class ExportStatementLines
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(StatementId Id) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<StatementLineView> Lines, string Name);

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (await db.Statements.Within(principal.Scope).Where(x => x.Id == query.Id)
                .Select(x => new { x.Currency, x.ExternalId, x.PeriodStart }).SingleOrDefaultAsync(cancellationToken) is not { } statement)
                return StatementRefusals.NotFound(query.Id);
            return new Export(
                db.Lines.AsNoTracking().Where(x => x.StatementId == query.Id).OrderBy(x => x.Position).AsAsyncEnumerable()
                    .Select(x => StatementLineView.Of(x, statement.Currency)),
                $"commission-{statement.PeriodStart:yyyy-MM}.csv");
        }
    }

    public static async Task<IResult> SendAsync(StatementId id, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(id), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<StatementLineView>(export.Lines, export.Name, Columns);

    private static IReadOnlyList<(string Name, Func<StatementLineView, string?> Cell)> Columns { get; } =
    [
        ("month", x => x.Month),
        ("number", x => x.Number),
        ("invoiceId", x => x.InvoiceId.Value.ToString()),
        ("creditNoteId", x => x.CreditNoteId?.Value.ToString()),
        ("tenantId", x => x.TenantId.Value.ToString()),
        ("reverses", x => x.Reverses ? "true" : "false"),
        ("invoiced", x => x.Invoiced.ToAmountString()),
        ("invoicedCurrency", x => x.Invoiced.Currency.Code),
        ("rate", x => x.Rate.ToString(CultureInfo.InvariantCulture)),
        ("net", x => x.Net.ToAmountString()),
        ("commission", x => x.Commission.ToAmountString()),
        ("currency", x => x.Commission.Currency.Code),
        ("parts", x => string.Join("; ", x.Parts.Select(Part))),
    ];

    private static string Part(EarnedPartView x) => string.Create(
        CultureInfo.InvariantCulture,
        $"{x.Plan ?? "no plan"} {(x.Percent is { } own ? $"{own} %" : "tiers")}: {x.Net.ToAmountString()} -> {x.Commission.ToAmountString()}");
}

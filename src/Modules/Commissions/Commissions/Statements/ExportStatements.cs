using System.Globalization;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>All statements that a list would page through, as CSV.</summary>
internal static class ExportStatements
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(string? Period, Guid? OrganizationId, bool? Carried) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<StatementView> Statements);

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Export>
    {
        public Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken) => Task.FromResult<Result<Export>>(
            StatementFilter.Read(query.Period, query.OrganizationId, query.Carried).Refused(out var refusal, out var filter)
                ? refusal
                : new Export(filter.Of(db, principal.Scope).OrderByDescending(x => x.Id)
                    .Select(StatementView.Projection).AsAsyncEnumerable()));
    }

    public static async Task<IResult> SendAsync(
        string? period, Guid? organizationId, bool? carried, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(period, organizationId, carried), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<StatementView>(export.Statements, "commission-statements.csv", Columns);

    private static IReadOnlyList<(string Name, Func<StatementView, string?> Cell)> Columns { get; } =
    [
        ("id", x => x.Id.Value.ToString()),
        ("period", x => x.Period.Start.ToString("yyyy-MM")),
        ("organizationId", x => x.OrganizationId.Value.ToString()),
        ("kind", x => x.Kind.ToString()),
        ("externalId", x => x.ExternalId),
        ("name", x => x.Name),
        ("currency", x => x.Payable.Currency.Code),
        ("basis", x => x.Basis.ToAmountString()),
        ("gross", x => x.Gross.ToAmountString()),
        ("overridden", x => x.Overridden.ToAmountString()),
        ("commission", x => x.Commission.ToAmountString()),
        ("adjusted", x => x.Adjusted.ToAmountString()),
        ("carriedIn", x => x.CarriedIn.ToAmountString()),
        ("payable", x => x.Payable.ToAmountString()),
        ("carriedOut", x => x.CarriedOut.ToAmountString()),
        ("dueOn", x => x.DueOn?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
    ];
}

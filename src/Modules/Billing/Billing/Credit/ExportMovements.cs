using System.Globalization;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Credit;

/// <summary>All movements that a list would page through, as CSV: one row per movement and unit.</summary>
internal static class ExportMovements
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(MovementFilter Filter) : IQuery<MovementSearch.Stream>;

    internal sealed class Handler(MovementSearch search) : IQueryHandler<Query, MovementSearch.Stream>
    {
        public Task<Result<MovementSearch.Stream>> Handle(Query query, CancellationToken cancellationToken) =>
            Task.FromResult(search.Export(query.Filter));
    }

    public static async Task<IResult> SendAsync(MovementFilter filter, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(filter), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<MovementRow>(export.Rows, "credit-movements.csv", Columns);

    private static IReadOnlyList<(string Name, Func<MovementRow, string?> Cell)> Columns { get; } =
    [
        ("id", x => x.Id.ToString()),
        ("organizationId", x => x.OrganizationId.ToString()),
        ("kind", x => x.Kind),
        ("reference", x => x.Reference),
        ("description", x => x.Description),
        ("unit", x => x.Unit),
        ("amount", x => CreditAmountView.Text(x.Unit, x.Amount)),
        ("createdAt", x => x.CreatedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
    ];
}

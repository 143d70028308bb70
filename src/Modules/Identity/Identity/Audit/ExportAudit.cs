using System.Globalization;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Audit;

/// <summary>The trail as CSV, newest first, read and written row by row.</summary>
internal static class ExportAudit
{
    [Needs(IdentityPermissions.AuditRead)]
    public sealed record Query(AuditFilter Filter) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<Row> Rows);

    /// <param name="Changes">As in the JSON list: what was changed, property by property.</param>
    public sealed record Row(
        Guid Id, DateTimeOffset At, string Action, string PrincipalKind, Guid PrincipalId, string PrincipalName, Guid OrganizationId,
        string Resources, string Changes, string? RequestId);

    private static readonly IReadOnlyList<(string, Func<Row, string?>)> Columns =
    [
        ("id", x => x.Id.ToString()),
        // The round-trip form, as in the API's JSON.
        ("at", x => x.At.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture)),
        ("action", x => x.Action),
        ("principalKind", x => x.PrincipalKind),
        ("principalId", x => x.PrincipalId.ToString()),
        ("principalName", x => x.PrincipalName),
        ("organizationId", x => x.OrganizationId.ToString()),
        ("resources", x => x.Resources),
        ("changes", x => x.Changes),
        ("requestId", x => x.RequestId),
    ];

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken) => new Export(
            (await query.Filter.RowsAsync(db, principal.Scope, cancellationToken)).OrderByDescending(x => x.Id)
            .Select(x => new Row(
                x.Id, x.At, x.Action, x.PrincipalKind.ToString(), x.PrincipalId, x.PrincipalName, x.OrganizationId,
                string.Join(" ", x.Resources), x.Changes, x.RequestId))
            .AsAsyncEnumerable());
    }

    public static async Task<IResult> SendAsync(AuditFilter filter, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(filter), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<Row>(export.Rows, "audit.csv", Columns);
}

using Licensing.Commissions.Data;
using Licensing.Kernel.Http;

namespace Licensing.Commissions.Statements;

/// <summary>The frozen statements of the caller's own subtree, newest first.</summary>
internal static class ListStatements
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(string? Period, Guid? OrganizationId, bool? Carried, int? Limit, string? After) : IQuery<Page<StatementView>>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Page<StatementView>>
    {
        public async Task<Result<Page<StatementView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            if (StatementFilter.Read(query.Period, query.OrganizationId, query.Carried).Refused(out refusal, out var filter))
                return refusal;
            var found = await filter.Of(db, principal.Scope)
                .ToPageAsync(start, x => x.Id, StatementView.Projection, x => x.Id.Value, cancellationToken);
            return found.Refused(out refusal, out var page)
                ? refusal
                : page with { Items = await StatementView.WithAdjustmentsAsync(page.Items, db, cancellationToken) };
        }
    }

    public static void Map(IEndpointRouteBuilder statements) => statements
        .MapGet("/", async Task<IResult> (
            string? period, Guid? organizationId, bool? carried, int? limit, string? after, HttpRequest request, ISender sender,
            CancellationToken ct) =>
            request.WantsCsv
                ? await ExportStatements.SendAsync(period, organizationId, carried, sender, ct)
                : await sender.Ok(new Query(period, organizationId, carried, limit, after), ct))
        .Slice<Query, Page<StatementView>>(nameof(ListStatements), "Lists commission statements");
}

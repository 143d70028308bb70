using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>The frozen statements of the caller's own subtree, newest first.</summary>
internal static class ListStatements
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(string? Period, Guid? OrganizationId, int? Limit, string? After) : IQuery<Page<StatementView>>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Page<StatementView>>
    {
        public async Task<Result<Page<StatementView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var statements = db.Statements.AsNoTracking().Within(principal.Scope);
            if (query.Period is not null)
            {
                if (!Period.TryParseMonth(query.Period, out var period))
                    return PeriodRefusals.NotAMonthIn("period");
                statements = statements.Where(x => x.PeriodStart == period.Start);
            }

            if (query.OrganizationId is { } organization)
                statements = statements.Where(x => x.OrganizationId == new OrganizationId(organization));
            return await statements.ToPageAsync(start, x => x.Id, StatementView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder statements) => statements
        .MapGet("/", (string? period, Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(period, organizationId, limit, after), ct))
        .Slice<Query, Page<StatementView>>(nameof(ListStatements), "Lists commission statements");
}

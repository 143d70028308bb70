using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>The invoices that a statement comes from, in the order of the tree.</summary>
internal static class ListStatementLines
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(StatementId Id, int? Limit, string? After) : IQuery<Page<StatementLineView>>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Page<StatementLineView>>
    {
        public async Task<Result<Page<StatementLineView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            // A statement never changes, so a place in it stays where it is.
            var from = 0;
            if (start.After is not null && (!int.TryParse(start.After, out from) || from < 0))
                return PageStart.InvalidCursor;
            if (await db.Statements.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is not { } statement)
                return StatementRefusals.NotFound(query.Id);

            return Page.Of([.. statement.Lines.Skip(from).Take(start.Limit + 1)], start, _ => (from + start.Limit).ToString())
                .Select(line => StatementLineView.Of(line, statement.Currency));
        }
    }

    public static void Map(IEndpointRouteBuilder statements) => statements
        .MapGet("/{id:guid}/lines", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new StatementId(id), limit, after), ct))
        .Slice<Query, Page<StatementLineView>>(nameof(ListStatementLines), "Lists the invoices of a commission statement");
}

using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>
/// The documents that a statement comes from: the month's own in the order of the tree, then those of closed months that have changed.
/// </summary>
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
            if (await db.Statements.Within(principal.Scope).Where(x => x.Id == query.Id).Select(x => new { x.Currency })
                .SingleOrDefaultAsync(cancellationToken) is not { } statement)
                return StatementRefusals.NotFound(query.Id);

            // Places have no gaps.
            var until = from + start.Limit + 1;
            var lines = await db.Lines.AsNoTracking()
                .Where(x => x.StatementId == query.Id && x.Position > from && x.Position <= until && x.BlockEnd > from && x.BlockStart <= until)
                .OrderBy(x => x.Position).ToListAsync(cancellationToken);
            return Page.Of(lines, start, x => x.Position.ToString()).Select(line => StatementLineView.Of(line, statement.Currency));
        }
    }

    public static void Map(IEndpointRouteBuilder statements) => statements
        .MapGet("/{id:guid}/lines", async Task<IResult> (
            Guid id, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) =>
            request.WantsCsv
                ? await ExportStatementLines.SendAsync(new StatementId(id), sender, ct)
                : await sender.Ok(new Query(new StatementId(id), limit, after), ct))
        .Slice<Query, Page<StatementLineView>>(nameof(ListStatementLines), "Lists the invoices and credit notes of a commission statement");
}

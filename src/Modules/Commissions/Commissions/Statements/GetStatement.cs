using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>One frozen statement; its lines are a list of their own.</summary>
internal static class GetStatement
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(StatementId Id) : IQuery<StatementView>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, StatementView>
    {
        public async Task<Result<StatementView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Statements.Within(principal.Scope).Where(x => x.Id == query.Id).Select(StatementView.Projection)
                .SingleOrDefaultAsync(cancellationToken) is { } view
                ? (await StatementView.WithAdjustmentsAsync([view], db, cancellationToken))[0]
                : StatementRefusals.NotFound(query.Id);
    }

    public static void Map(IEndpointRouteBuilder statements) => statements
        .MapGet("/{id:guid}", async Task<IResult> (Guid id, HttpRequest request, ISender sender, CancellationToken ct) =>
            WantsPage(request)
                ? await PrintStatement.SendAsync(new StatementId(id), sender, ct)
                : await sender.Ok(new Query(new StatementId(id)), ct))
        .Slice<Query, StatementView>(nameof(GetStatement), "Shows a commission statement; as a page to print with Accept: text/html");

    private static bool WantsPage(HttpRequest request) => (request.GetTypedHeaders().Accept ?? [])
        .Where(x => x.Quality is null or > 0).OrderByDescending(x => x.Quality ?? 1).Select(x => x.MediaType.Value)
        .FirstOrDefault(x => x is "text/html" or "application/json" or "*/*") == "text/html";
}

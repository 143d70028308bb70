using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>All that a printed statement says. Amounts are the frozen ones; addresses and look are those of now.</summary>
internal sealed record PrintedStatement(
    StatementView Statement, LegalDetails? Payer, LegalDetails? Payee, BrandingSettings Look, IAsyncEnumerable<StatementLineView> Lines);

/// <summary>A statement as a page to print or to send.</summary>
internal static class PrintStatement
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(StatementId Id) : IQuery<PrintedStatement>;

    internal sealed class Handler(
        CommissionsDb db, ILegalDetails details, IOrganizationSettings settings, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, PrintedStatement>
    {
        public async Task<Result<PrintedStatement>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (await db.Statements.Within(principal.Scope).Where(x => x.Id == query.Id).Select(StatementView.Projection)
                .SingleOrDefaultAsync(cancellationToken) is not { } found)
                return StatementRefusals.NotFound(query.Id);

            var view = (await StatementView.WithAdjustmentsAsync([found], db, cancellationToken))[0];
            var platform = await organizations.PlatformAsync(cancellationToken);
            var parties = await details.FindAsync([platform.Id, view.OrganizationId], cancellationToken);
            var look = await settings.BrandingAsync(platform.Path, cancellationToken);
            return new PrintedStatement(
                view, parties.GetValueOrDefault(platform.Id), parties.GetValueOrDefault(view.OrganizationId), look,
                db.Lines.AsNoTracking().Where(x => x.StatementId == query.Id).OrderBy(x => x.Position).AsAsyncEnumerable()
                    .Select(x => StatementLineView.Of(x, view.Payable.Currency)));
        }
    }

    public static async Task<IResult> SendAsync(StatementId id, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(id), ct)).Refused(out var refusal, out var printed)
            ? new RefusedResult(refusal)
            : new PageResult(printed);

    /// <summary>Streams the page.</summary>
    private sealed class PageResult(PrintedStatement printed) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = StatementPage.ContentType;
            httpContext.Response.Headers.ContentSecurityPolicy = StatementPage.PolicyOf(printed.Look);
            await new StatementPage(printed).WriteAsync(httpContext.Response.Body, httpContext.RequestAborted);
        }
    }
}

using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>The platform's billing runs, the one made last first.</summary>
internal static class ListBillingRuns
{
    [Needs(BillingPermissions.RunsRead)]
    public sealed record Query(string? Period, string? State, int? Limit, string? After) : IQuery<Page<RunView>>;

    internal sealed class Handler(BillingDb db, IOrganizationDirectory organizations, Principal principal) : IQueryHandler<Query, Page<RunView>>
    {
        public async Task<Result<Page<RunView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<RunState>("state", query.State, out var state, out refusal))
                return refusal;

            var runs = db.Runs.AsNoTracking().Where(x => x.OperationId != null);
            if (query.Period is not null)
            {
                if (!Period.TryParseMonth(query.Period, out var period))
                    return PeriodRefusals.NotAMonthIn("period");
                runs = runs.Where(x => x.PeriodStart == period.Start && x.PeriodEnd == period.End);
            }

            if (state is not null)
                runs = runs.Where(x => x.State == state);
            if (!principal.Scope.Contains((await organizations.PlatformAsync(cancellationToken)).Path))
                runs = runs.Where(x => false);
            var found = await runs.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken);
            return found.Refused(out refusal, out var page) ? refusal : page.Select(RunView.Of);
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapGet("/runs", (string? period, string? state, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(period, state, limit, after), ct))
        .Slice<Query, Page<RunView>>(nameof(ListBillingRuns), "Lists billing runs");
}

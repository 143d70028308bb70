using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>One run and how far it is.</summary>
internal static class GetBillingRun
{
    [Needs(BillingPermissions.RunsRead)]
    public sealed record Query(Guid Id) : IQuery<RunProgressView>;

    private sealed record Left(int Tenants, int Chunks);

    internal sealed class Handler(BillingDb db, IOrganizationDirectory organizations, Principal principal) : IQueryHandler<Query, RunProgressView>
    {
        public async Task<Result<RunProgressView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (!principal.Scope.Contains((await organizations.PlatformAsync(cancellationToken)).Path)
                || await db.Runs.AsNoTracking().SingleOrDefaultAsync(
                    x => x.Id == query.Id && x.OperationId != null, cancellationToken) is not { } run)
                return RunRefusals.NotFound(query.Id);

            var left = await db.Database.SqlQuery<Left>($"""
                select coalesce(sum(tenants) filter (where state = 'Waiting'), 0)::int as "Tenants",
                    count(*) filter (where state = 'Drafted')::int as "Chunks"
                from billing.run_chunks where run_id = {run.Id}
                """).SingleAsync(cancellationToken);
            return new RunProgressView(RunView.Of(run), Math.Max(0, run.Tenants - left.Tenants), left.Chunks);
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapGet("/runs/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(id), ct))
        .Slice<Query, RunProgressView>(nameof(GetBillingRun), "Shows a billing run and how far it is");
}

/// <summary>Who was left out of a run, and why.</summary>
internal static class ListParkedTenants
{
    [Needs(BillingPermissions.RunsRead)]
    public sealed record Query(Guid Id, int? Limit, string? After) : IQuery<Page<ParkedTenantView>>;

    internal sealed class Handler(BillingDb db, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Page<ParkedTenantView>>
    {
        public async Task<Result<Page<ParkedTenantView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            if (!principal.Scope.Contains((await organizations.PlatformAsync(cancellationToken)).Path)
                || !await db.Runs.AnyAsync(x => x.Id == query.Id && x.OperationId != null, cancellationToken))
                return RunRefusals.NotFound(query.Id);
            var after = Guid.Empty;
            if (start.After is not null && !Guid.TryParse(start.After, out after))
                return PageStart.InvalidCursor;

            var rows = await db.Database.SqlQuery<ParkedTenantView>($"""
                select tenant_id as "TenantId", external_id as "ExternalId", code as "Code", message as "Message"
                from billing.run_parked where run_id = {query.Id} and tenant_id > {after} order by tenant_id limit {start.Limit + 1}
                """).ToListAsync(cancellationToken);
            return Page.Of(rows, start, x => x.TenantId.ToString());
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapGet("/runs/{id:guid}/parked", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(id, limit, after), ct))
        .Slice<Query, Page<ParkedTenantView>>(nameof(ListParkedTenants), "Lists the tenants that a billing run left out");
}

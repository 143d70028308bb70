using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

internal sealed record PlanView(
    PlanId Id, string Key, string Name, string Product, Currency Currency, PlanStatus Status, PlanTerms? Draft,
    PlanVersionId? CurrentVersionId, IReadOnlyList<PublishedVersion> Versions, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<Plan, PlanView>> Projection { get; } = x => new PlanView(
        x.Id, x.Key, x.Name, x.Product, x.Currency, x.Status, x.Draft, x.CurrentVersionId, x.Versions, x.CreatedAt, x.Version);

    public static Func<Plan, PlanView> Of { get; } = Projection.Compile();
}

internal sealed record PlanVersionView(
    PlanVersionId Id, int Number, string Name, string Product, Currency Currency, IReadOnlyList<PlanCharge> Charges, bool UsesPriceLists,
    int TrialDays, DateTimeOffset PublishedAt);

/// <summary>What can be subscribed to, and what is being drafted.</summary>
internal static class ListPlans
{
    [Needs(CatalogPermissions.PlansRead)]
    public sealed record Query(string? Key, string? Product, string? Status, int? Limit, string? After) : IQuery<Page<PlanView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<PlanView>>
    {
        public async Task<Result<Page<PlanView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start)
                || Filter.Refuses<PlanStatus>("status", request.Status, out var status, out refusal))
                return refusal;
            var plans = db.Plans.AsNoTracking().Where(x =>
                (request.Key == null || x.Key == request.Key) && (request.Product == null || x.Product == request.Product)
                && (status == null || x.Status == status));
            return await plans.ToPageAsync(start, x => x.Id, PlanView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapGet("/", (string? key, string? product, string? status, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(key, product, status, limit, after), ct))
        .Slice<Query, Page<PlanView>>(nameof(ListPlans), "Lists plans, newest first");
}

/// <summary>One plan with its draft.</summary>
internal static class GetPlan
{
    [Needs(CatalogPermissions.PlansRead)]
    public sealed record Query(PlanId Id) : IQuery<PlanView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, PlanView>
    {
        public async Task<Result<PlanView>> Handle(Query request, CancellationToken cancellationToken) =>
            await db.Plans.Where(x => x.Id == request.Id).Select(PlanView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : PlanRefusals.NotFound(request.Id.Value);
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new PlanId(id)), ct))
        .Slice<Query, PlanView>(nameof(GetPlan), "Reads a plan");
}

/// <summary>What a plan was and is, whole.</summary>
internal static class ListPlanVersions
{
    [Needs(CatalogPermissions.PlansRead)]
    public sealed record Query(PlanId Id, int? Limit, string? After) : IQuery<Page<PlanVersionView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<PlanVersionView>>
    {
        public async Task<Result<Page<PlanVersionView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start))
                return refusal;
            if (!await db.Plans.AnyAsync(x => x.Id == request.Id, cancellationToken))
                return PlanRefusals.NotFound(request.Id.Value);
            return await db.PlanVersions.AsNoTracking().Where(x => x.PlanId == request.Id).ToPageAsync(
                start, x => x.Id,
                x => new PlanVersionView(
                    x.Id, x.Number, x.Name, x.Product, x.Currency, x.Charges, x.UsesPriceLists, x.TrialDays, x.PublishedAt),
                x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapGet("/{id:guid}/versions", (Guid id, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new PlanId(id), limit, after), ct))
        .Slice<Query, Page<PlanVersionView>>(nameof(ListPlanVersions), "Lists a plan's published versions, newest first");
}

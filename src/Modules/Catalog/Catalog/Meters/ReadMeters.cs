using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Meters;

internal sealed record MeterView(
    MeterId Id, string Key, string Unit, MeterAggregation Aggregation, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<Meter, MeterView>> Projection { get; } =
        x => new MeterView(x.Id, x.Key, x.Unit, x.Aggregation, x.CreatedAt, x.Version);

    public static Func<Meter, MeterView> Of { get; } = Projection.Compile();
}

/// <summary>The meters that usage and charges can name.</summary>
internal static class ListMeters
{
    [Needs(CatalogPermissions.MetersRead)]
    public sealed record Query(string? Key, int? Limit, string? After) : IQuery<Page<MeterView>>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, Page<MeterView>>
    {
        public async Task<Result<Page<MeterView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start))
                return refusal;
            var meters = db.Meters.AsNoTracking().Where(x => request.Key == null || x.Key == request.Key);
            return await meters.ToPageAsync(start, x => x.Id, MeterView.Projection, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder meters) => meters
        .MapGet("/", (string? key, int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(key, limit, after), ct))
        .Slice<Query, Page<MeterView>>(nameof(ListMeters), "Lists meters, newest first");
}

/// <summary>One meter.</summary>
internal static class GetMeter
{
    [Needs(CatalogPermissions.MetersRead)]
    public sealed record Query(MeterId Id) : IQuery<MeterView>;

    internal sealed class Handler(CatalogDb db) : IQueryHandler<Query, MeterView>
    {
        public async Task<Result<MeterView>> Handle(Query request, CancellationToken cancellationToken) =>
            await db.Meters.Where(x => x.Id == request.Id).Select(MeterView.Projection).SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : MeterRefusals.NotFound(request.Id.Value);
    }

    public static void Map(RouteGroupBuilder meters) => meters
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new MeterId(id)), ct))
        .Slice<Query, MeterView>(nameof(GetMeter), "Reads a meter");
}

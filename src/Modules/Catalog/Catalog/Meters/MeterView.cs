using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Catalog.Meters;

internal sealed record MeterView(
    MeterId Id, string Key, string Unit, MeterAggregation Aggregation, IReadOnlyList<string> Dimensions, DateTimeOffset CreatedAt,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<Meter, MeterView>> Projection { get; } =
        x => new MeterView(x.Id, x.Key, x.Unit, x.Aggregation, x.Dimensions, x.CreatedAt, x.Version);

    public static Func<Meter, MeterView> Of { get; } = Projection.Compile();
}

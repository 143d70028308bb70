using System.Text.Json.Serialization;
using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>How usage of one kind is counted.</summary>
public readonly record struct MeterId(Guid Value) : IId<MeterId>;

/// <summary>How the quantities of a meter become one number.</summary>
public enum MeterAggregation
{
    /// <summary>Added up; negative corrections allowed.</summary>
    [JsonStringEnumMemberName("sum")]
    Sum,
    /// <summary>Records counted.</summary>
    [JsonStringEnumMemberName("count")]
    Count,
    /// <summary>The largest.</summary>
    [JsonStringEnumMemberName("max")]
    Max,
    /// <summary>The one with the latest start.</summary>
    [JsonStringEnumMemberName("last")]
    Last,
    /// <summary>Distinct values of the record's resource.</summary>
    [JsonStringEnumMemberName("unique")]
    Unique,
}

/// <summary>A meter. It never changes, so what was read of it may be kept.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">Stable key that records name, unique.</param>
/// <param name="Unit">What a quantity of 1 is, for people, e.g. "GB-Hours"; nothing is computed by it.</param>
/// <param name="Aggregation">How its quantities add up.</param>
public sealed record MeterRef(MeterId Id, string Key, string Unit, MeterAggregation Aggregation)
{
    /// <summary>Keys that its records may have as dimensions; empty: any.</summary>
    public IReadOnlyList<string> Dimensions { get; init; } = [];
}

using Licensing.Catalog.Contracts;

namespace Licensing.Usage.Contracts;

/// <summary>What the quantities that one subscription used of one meter, each under another SKU or in another region, are together.</summary>
public enum Combining
{
    /// <summary>Their sum.</summary>
    Added,

    /// <summary>The largest of them.</summary>
    Largest,

    /// <summary>How many different resources there are in all of them; one may be in several.</summary>
    Distinct,
}

/// <summary>The one rule by which a bill, a threshold and a summary make one quantity of several SKUs and regions (ADR 0049).</summary>
public static class CombiningRule
{
    extension(MeterAggregation aggregation)
    {
        /// <summary>The last quantity of each SKU and region is a level of its own, so levels add up.</summary>
        public Combining Combines => aggregation switch
        {
            MeterAggregation.Max => Combining.Largest,
            MeterAggregation.Unique => Combining.Distinct,
            _ => Combining.Added,
        };
    }
}

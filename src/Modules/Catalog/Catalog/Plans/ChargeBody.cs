using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

/// <summary>A charge as it is sent.</summary>
internal sealed record ChargeBody(string Key, string Name, PriceBody Price, string? Feature = null, string? Meter = null, bool InAdvance = false)
{
    public PlanCharge ToCharge() => new(Key, Name, Feature, Meter, Price.ToPrice(), InAdvance);
}

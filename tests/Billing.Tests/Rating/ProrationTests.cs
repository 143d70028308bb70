using Licensing.Billing.Rating;

namespace Licensing.Billing.Tests.Rating;

public sealed class ProrationTests
{
    [Fact]
    public void Proration_multiplies_before_it_divides()
    {
        var part = Proration.Of(Period.Parse("2024-03-05/2024-04-01"), Period.Month(2024, 3));
        part.ShouldBe(new Proration(27, 31));
        part.Of(10m).ShouldBe(new Exact(270, 31));
        Proration.Whole(Period.Month(2024, 3)).Of(10m).ShouldBe(10m);
        Proration.Of(Period.Month(2024, 5), Period.Month(2024, 3)).ShouldBe(new Proration(0, 31));
    }
}

using System.Numerics;
using Licensing.Billing.Rating;
using static Licensing.Billing.Tests.Rating.RatingSamples;

namespace Licensing.Billing.Tests.Rating;

/// <summary>Fault F34: numbers at the edge of what can be sent are billed to the last digit or refused, and never wrapped.</summary>
[Trait("Fault", "F34")]
public sealed class OverflowTests
{
    private static readonly Exact Largest = new(long.MaxValue, 1);
    private static readonly Exact Dear = 1_000_000_000_000m;

    private static Charge[] Charges(Exact price) =>
    [
        new PerUnitCharge(price), new GraduatedCharge([new(10, price, price), new(null, price, 0)]), new VolumeCharge([new(null, price, price)]),
        new PackageCharge(3, price), new PercentageCharge(price) { FixedFee = price }, new StairstepCharge([new(null, 0, price * Largest)]),
    ];

    [Fact]
    public void The_largest_quantity_at_the_largest_price_is_refused_by_every_model()
    {
        foreach (var charge in Charges(Dear))
            Refused(Request(new RatingItem("Big", charge, new UsageAggregate(Largest) { EventCount = long.MaxValue })))
                .ShouldBe(["/charges/0 amount_too_large"]);
    }

    [Fact]
    public void What_is_billed_at_the_edge_is_what_big_integers_say()
    {
        var chance = new Random(34);
        for (var i = 0; i < FaultLength.Times(inTests: 3_000, inFaults: 1_000_000); i++)
        {
            BigInteger quantity = chance.NextInt64(), price = chance.NextInt64(1, 2_000_000_000_000);
            var places = chance.Next(0, 30);
            var item = new RatingItem(
                "Edge", new PerUnitCharge(new Exact(price, BigInteger.Pow(10, places))), new UsageAggregate(new Exact(quantity, 1)));
            var cents = (quantity * price * 200 / BigInteger.Pow(10, places) + 1) / 2;
            if (Rater.Rate(Request(item)).Refused(out var refusal, out var bill))
            {
                refusal.Code.ShouldBe("amount_too_large");
                cents.ShouldBeGreaterThan(Money.MaxMinorUnits);
            }
            else
            {
                (bill.Total.Amount * 100).ShouldBe((decimal)cents);
                cents.ShouldBeLessThanOrEqualTo(Money.MaxMinorUnits);
            }
        }
    }

    [Fact]
    public void A_million_lines_add_up_or_are_refused()
    {
        static RatingRequest Lines(decimal each) => Request([.. Enumerable.Repeat(Flat("0") with { Charge = new FlatCharge(each) }, 1_000_000)]);
        Rate(Lines(10_000_000_000m)).Total.Text().ShouldBe("10000000000000000.00");
        Refused(Lines(10_000_000_000.01m)).ShouldBe(["/charges amount_too_large"]);
    }

    [Fact]
    public void A_cap_that_no_sum_can_reach_bounds_nothing_and_takes_no_other_with_it()
    {
        Commitment Part(int item, Exact cap) => new($"Plan {item}") { Items = new HashSet<int> { item }, Cap = cap, SharedBound = 1 };
        RatingRequest Capped(Exact first, Exact second) => Request(Flat("50"), Flat("70")) with { Commitments = [Part(0, first), Part(1, second)] };

        Rate(Capped(10.005m, 20.005m)).Total.Text().ShouldBe("30.01");
        Rate(Capped(10.005m, Dear * Largest)).Nets().ShouldBe(["10.01", "70.00"]);
        // Each can be reached, and both together cannot.
        Exact most = new(Money.MaxMinorUnits, 100);
        Rate(Capped(most, most)).Total.Text().ShouldBe("120.00");
        Rate(Capped(most, 20)).Nets().ShouldBe(["50.00", "20.00"]);
    }
}

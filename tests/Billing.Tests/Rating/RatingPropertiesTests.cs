using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Rating;
using static Licensing.Billing.Tests.Rating.RatingSamples;

namespace Licensing.Billing.Tests.Rating;

public sealed class RatingPropertiesTests
{
    private static readonly Gen<Exact> Price = Gen.Choose(0, 5_000_000).Select(units => (Exact)(units / 10_000m));
    private static readonly Gen<Exact> Quantity = Gen.Choose(-50_000, 5_000_000).Select(units => (Exact)(units / 1_000m));

    private static readonly Gen<IReadOnlyList<Tier>> Tiers =
        from count in Gen.Choose(0, 5)
        from widths in Gen.ListOf(Gen.Choose(1, 900_000), count)
        from prices in Gen.ListOf(Price, count + 1)
        from fees in Gen.ListOf(Price, count + 1)
        select (IReadOnlyList<Tier>)Build(widths, prices, fees);

    private static readonly Gen<Charge> Charges = Gen.OneOf(
        Price.Select(price => (Charge)new FlatCharge(price)),
        Price.Zip(Gen.Elements(true, false)).Select(x => (Charge)new PerUnitCharge(x.Item1) { Prorate = x.Item2 }),
        Tiers.Zip(Gen.Elements(true, false)).Select(x => (Charge)new GraduatedCharge(x.Item1) { Prorate = x.Item2, IncludedUnits = 3 }),
        Tiers.Zip(Gen.Elements(true, false)).Select(x => (Charge)new VolumeCharge(x.Item1) { Prorate = x.Item2 }),
        Tiers.Select(tiers => (Charge)new StairstepCharge(tiers) { ChargeAtZero = false }),
        Price.Select(price => (Charge)new PackageCharge(7, price) { FreeUnits = 5 }),
        Price.Select(price => (Charge)new PercentageCharge(price / 10)));

    private static readonly Gen<Period> ActiveDays =
        from start in Gen.Choose(0, 30)
        from length in Gen.Choose(1, 31 - start)
        select new Period(March.Start.AddDays(start), March.Start.AddDays(start + length));

    private static readonly Gen<RatingItem> Items =
        from charge in Charges
        from quantity in Quantity
        from category in Gen.Elements("S", "R", null)
        from credit in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new RatingItem("Any", charge, new UsageAggregate(quantity)) { TaxCategory = category, IsCredit = credit };

    private static readonly Gen<RatingRequest> Requests =
        from items in Gen.ListOf(Items)
        from active in ActiveDays
        from minimum in Gen.OneOf(Gen.Constant((Exact?)null), Price.Select(price => (Exact?)(price * 100)))
        from cap in Gen.OneOf(Gen.Constant((Exact?)null), Price.Select(price => (Exact?)(price * 100 + 50_000)))
        from percent in Gen.Choose(0, 100)
        from amount in Price
        from coupons in Gen.Choose(0, 2)
        from rate in Gen.Choose(0, 3000)
        select new RatingRequest(Eur, March, [.. items])
        {
            Active = active,
            Minimum = minimum,
            Cap = cap,
            Coupons = [.. new Coupon[] { new(percent, null), new(null, amount) }.Take(coupons)],
            Taxes = [new("S", rate / 100m), new("R", 7)],
        };

    private static Tier[] Build(IEnumerable<int> widths, IEnumerable<Exact> prices, IEnumerable<Exact> fees)
    {
        var ends = new List<Exact?>();
        Exact end = 0;
        foreach (var width in widths)
            ends.Add(end += width / 1_000m);
        return [.. ends.Append(null).Zip(prices, fees).Select(tier => new Tier(tier.First, tier.Second, tier.Third))];
    }

    private static void ForAll<T>(Gen<T> samples, Func<T, bool> holds) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(samples.ToArbitrary(), holds));

    private static Exact Priced(Charge charge, Exact quantity) => Exact.Sum(charge.Steps(new UsageAggregate(quantity)).Select(step => step.Amount));

    [Fact]
    public void The_sums_of_a_bill_are_the_sums_of_its_lines() => ForAll(Requests, request =>
    {
        var bill = Rate(request);
        var taxed = bill.AllLines.Where(line => line.TaxCategory is not null).ToArray();
        return bill.Taxes.All(total =>
                total.Net == Money.Sum(Eur, taxed.Where(line => line.TaxCategory == total.Category).Select(line => line.Net))
                && total.Tax == Money.Sum(Eur, taxed.Where(line => line.TaxCategory == total.Category).Select(line => line.Tax)))
            && bill.Taxes.GroupBy(total => total.Percent).All(same =>
                Money.Sum(Eur, same.Select(total => total.Tax))
                    == ((Exact)Money.Sum(Eur, same.Select(total => total.Net)).Amount * same.Key / 100).Round(Eur))
            && bill.Tax == Money.Sum(Eur, bill.Taxes.Select(tax => tax.Tax))
            && bill.Lines.All(line => line.Unrounded == Exact.Sum(line.Steps.Select(step => step.Amount)))
            && bill.Net == Money.Sum(Eur, bill.Lines.Select(line => line.Amount)) - bill.CapReduction + bill.TrueUp - bill.Discount
            && bill.AllLines.All(line => line.Net == line.Net.Round() && line.Tax == line.Tax.Round());
    });

    [Fact]
    public void Minimum_and_cap_bound_the_sum_before_coupons() => ForAll(Requests, request =>
    {
        var bill = Rate(request);
        var before = bill.Net + bill.Discount;
        var minimum = Proration.Of(request.Active!.Value, March).Of(request.Minimum ?? -1_000_000_000).Round(Eur);
        return before >= minimum
            && (request.Cap is not { } cap || before <= Money.Max(cap.Round(Eur), minimum))
            && bill.Discount >= Money.Zero(Eur)
            && (bill.Net >= Money.Zero(Eur) || bill.Discount == Money.Zero(Eur));
    });

    [Fact]
    public void The_order_of_the_items_does_not_change_the_totals() => ForAll(Requests, request =>
    {
        var (bill, other) = (Rate(request), Rate(request with { Items = [.. request.Items.Reverse()] }));
        return (bill.Net, bill.Discount, bill.TrueUp, bill.CapReduction) == (other.Net, other.Discount, other.TrueUp, other.CapReduction)
            && bill.Lines.Select(line => line.Amount).SequenceEqual(other.Lines.Reverse().Select(line => line.Amount));
    });

    [Fact]
    public void Rating_again_gives_the_same_bill() => ForAll(Requests, request =>
        Rate(request).AllLines.Select(line => (line.Unrounded, line.Net, line.Tax))
            .SequenceEqual(Rate(request).AllLines.Select(line => (line.Unrounded, line.Net, line.Tax))));

    [Fact]
    public void The_mirror_of_a_bill_takes_back_every_line_and_its_tax() => ForAll(Requests, request =>
    {
        var plain = request with { Minimum = null, Cap = null, Coupons = [] };
        var mirror = plain with { Items = [.. plain.Items.Select(item => item with { IsCredit = !item.IsCredit })] };
        return Rate(plain).Lines.Select(line => (-line.Net, -line.Tax)).SequenceEqual(Rate(mirror).Lines.Select(line => (line.Net, line.Tax)));
    });

    [Fact]
    public void The_days_of_a_period_add_up_to_its_price() => ForAll(
        Charges.Zip(Quantity).Zip(Gen.Choose(1, 30)),
        sample =>
        {
            var ((charge, quantity), day) = sample;
            var item = new RatingItem("Part", charge with { Prorate = true }, new UsageAggregate(quantity));
            var cut = March.Start.AddDays(day);
            Exact Of(Period active) => Rate(Request(item) with { Active = active }).Lines[0].Unrounded;
            return Of(new Period(March.Start, cut)) + Of(new Period(cut, March.End)) == Of(March);
        });

    [Fact]
    public void Usage_rated_in_slices_costs_what_it_costs_at_once() => ForAll(
        Price.Zip(Quantity.ListOf()),
        sample =>
        {
            var charge = new PerUnitCharge(sample.Item1);
            return Exact.Sum(sample.Item2.Select(slice => Priced(charge, slice))) == Priced(charge, Exact.Sum(sample.Item2));
        });

    [Fact]
    public void What_a_percentage_costs_event_by_event_its_aggregate_costs_too() => ForAll(Price.Zip(Price).Zip(Quantity.ListOf()), sample =>
    {
        var ((percent, fee), events) = sample;
        var charge = new PercentageCharge(percent) { FixedFee = fee };
        var each = UsageAggregate.Of([.. events]);
        return Exact.Sum(charge.Steps(each).Select(step => step.Amount))
            == Exact.Sum(charge.Steps(each with { Events = null }).Select(step => step.Amount));
    });

    [Fact]
    public void Fees_of_slices_are_the_fees_of_all_whatever_is_taken_back_in_them() => ForAll(Price.Zip(Quantity.ListOf().ListOf()), sample =>
    {
        var charge = new PercentageCharge(0) { FixedFee = sample.Item1 };
        Exact Fees(IEnumerable<Exact> events) =>
            Exact.Sum(charge.Steps(UsageAggregate.Of([.. events]) with { Events = null }).Select(step => step.Amount));
        return Exact.Sum(sample.Item2.Select(Fees)) == Fees(sample.Item2.SelectMany(slice => slice));
    });

    [Fact]
    public void Graduated_slices_at_the_tier_borders_cost_what_the_whole_costs() => ForAll(Tiers.Zip(Quantity), sample =>
    {
        var (tiers, quantity) = sample;
        var expected = tiers[0].FlatFee;
        Exact from = 0;
        foreach (var tier in tiers)
        {
            var units = Exact.Max(0, Exact.Min(quantity, tier.UpTo ?? quantity) - from);
            expected += units * tier.UnitPrice + (units.Sign > 0 && from.Sign > 0 ? tier.FlatFee : 0);
            from = tier.UpTo ?? from;
        }

        return Priced(new GraduatedCharge(tiers), quantity) == expected;
    });

    [Fact]
    public void Graduated_tiers_are_continuous_but_for_the_fee_of_the_tier_entered() => ForAll(Tiers, tiers =>
    {
        var charge = new GraduatedCharge(tiers);
        Exact little = 0.000000000000000001m;
        return tiers.SkipLast(1).Zip(tiers.Skip(1)).All(border =>
        {
            var at = border.First.UpTo.GetValueOrDefault();
            return Priced(charge, at + little) - Priced(charge, at) == border.Second.FlatFee + little * border.Second.UnitPrice;
        });
    });

    [Fact]
    public void Graduated_steps_cover_the_quantity_without_gap_or_overlap() => ForAll(Tiers.Zip(Quantity), sample =>
    {
        var steps = new GraduatedCharge(sample.Item1).Steps(new UsageAggregate(sample.Item2));
        return Exact.Sum(steps.Select(step => step.Quantity)) == Exact.Max(0, sample.Item2)
            && steps.Zip(steps.Skip(1)).All(pair => pair.First.To == pair.Second.From);
    });

    [Fact]
    public void No_quantity_is_rounded() => ForAll(
        from whole in Gen.Choose(0, 1_000_000_000)
        from upper in Gen.Choose(0, 999_999_999)
        from lower in Gen.Choose(0, 999_999_999)
        from sign in Gen.Elements(1, -1)
        from charge in Charges
        select (Charge: charge, Quantity: sign * (whole + (upper + lower / 1_000_000_000m) / 1_000_000_000m), Text:
            $"{(sign < 0 ? "-" : "")}{whole}.{upper:000000000}{lower:000000000}"),
        sample =>
        {
            // As it is sent: 18 digits after the point.
            var (charge, quantity) = (sample.Charge, Exact.Parse(sample.Text));
            var line = Rate(new RatingItem("Any", charge, new UsageAggregate(quantity))).Lines[0];
            var shown = charge is FlatCharge ? 1 : quantity;
            var priced = charge switch
            {
                PerUnitCharge => quantity,
                GraduatedCharge => Exact.Max(0, quantity - 3),
                VolumeCharge => Exact.Max(0, quantity),
                _ => (Exact?)null,
            };
            return quantity == sample.Quantity && line.Quantity == shown && Exact.Parse(line.Quantity.ToString()) == shown
                && (priced is null || Exact.Sum(line.Steps.Select(step => step.Quantity)) == priced);
        });

    [Fact]
    public void However_a_line_is_credited_its_tax_comes_back_whole() => ForAll(
        from cents in Gen.Choose(-100_000, 100_000)
        from rate in Gen.Choose(0, 3000)
        from parts in Gen.NonEmptyListOf(Gen.Choose(0, 100))
        select (Cents: cents, Rate: rate, Parts: parts),
        sample =>
        {
            var net = new Money(sample.Cents / 100m, Eur);
            var tax = ((Exact)net.Amount * sample.Rate / 10_000).Round(Eur);
            var credited = (Net: Money.Zero(Eur), Tax: Money.Zero(Eur));
            foreach (var part in Allocation.ByLargestRemainder(net, [.. sample.Parts.Select(weight => (decimal)weight)]))
                credited = (credited.Net + part, credited.Tax + Value(CreditNoteTax.For((net, tax), credited, part)));
            return credited == (net, tax);
        });
}

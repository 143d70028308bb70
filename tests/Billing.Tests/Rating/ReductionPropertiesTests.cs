using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Rating;
using static Licensing.Billing.Tests.Rating.RatingSamples;

namespace Licensing.Billing.Tests.Rating;

/// <summary>What coupons, credits and commitments of parts of a bill leave true.</summary>
public sealed class ReductionPropertiesTests
{
    private static readonly Gen<Exact> Amount = Gen.Choose(0, 30_000).Select(cents => (Exact)(cents / 100m));

    private static readonly Gen<LinesOf?> Some =
        from all in Gen.Elements(true, false)
        from places in Gen.ListOf(Gen.Choose(0, 5))
        from added in Gen.Elements(true, false)
        select all ? null : new LinesOf(places.ToHashSet(), added ? new HashSet<int> { 0 } : []);

    private static readonly Gen<Coupon> Coupons =
        from percent in Gen.Choose(0, 10_000)
        from amount in Amount
        from isPercent in Gen.Elements(true, false)
        from lines in Some
        select new Coupon(isPercent ? percent / 100m : null, isPercent ? null : amount) { Lines = lines };

    private static readonly Gen<RatingCredit> Credits =
        from amount in Amount
        from isMoney in Gen.Elements(true, false)
        from lines in Some
        select new RatingCredit(isMoney ? amount : null, isMoney ? null : amount) { Lines = lines };

    private static readonly Gen<RatingItem> Items =
        from price in Amount
        from quantity in Gen.Choose(0, 500)
        from category in Gen.Elements("S", "R")
        select new RatingItem("Any", new PerUnitCharge(price), new UsageAggregate(quantity / 10m)) { TaxCategory = category };

    private static readonly Gen<RatingRequest> Requests =
        from items in Gen.ListOf(Items, 6)
        from coupons in Gen.ListOf(Coupons)
        from credits in Gen.ListOf(Credits)
        from bounded in Gen.ListOf(Gen.Choose(0, 5))
        from minimum in Amount
        from width in Amount
        select new RatingRequest(Eur, March, [.. items])
        {
            Commitments = [new Commitment("Bound") { Items = bounded.ToHashSet(), Minimum = minimum, Cap = minimum + width }],
            Coupons = [.. coupons.Take(4)],
            Credits = [.. credits.Take(4)],
            Taxes = [new("S", 20), new("R", 7)],
        };

    private static void ForAll<T>(Gen<T> samples, Func<T, bool> holds) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(samples.ToArbitrary(), holds));

    [Fact]
    public void No_line_goes_below_zero_and_every_cent_taken_is_somewhere() => ForAll(Requests, request =>
    {
        var bill = Rate(request);
        return bill.AllLines.All(line => line.Net.Amount >= 0 && line.Discount.Amount >= 0 && line.Credit.Amount >= 0)
            && bill.Discount == Exact.Sum(bill.CouponsTaken).Round(Eur)
            && bill.Credit == Money.Sum(Eur, bill.CreditsTaken.Select(taken => taken.Amount))
            && bill.Net == Money.Sum(Eur, bill.AllLines.Select(line => line.Amount)) - bill.CapReduction - bill.Discount - bill.Credit
            && bill.Tax == Money.Sum(Eur, bill.Taxes.Select(tax => tax.Tax));
    });

    [Fact]
    public void Nothing_gives_more_than_it_has() => ForAll(Requests, request =>
    {
        var bill = Rate(request);
        return bill.CreditsTaken.Zip(request.Credits).All(x =>
                x.Second.Amount is { } money ? x.First.Amount.Amount <= money && x.First.Quantity == 0 : x.First.Quantity <= x.Second.Quantity!.Value)
            && bill.CouponsTaken.Zip(request.Coupons).All(x => x.Second.Amount is not { } most || x.First <= most);
    });

    [Fact]
    public void What_is_not_meant_is_not_touched() => ForAll(Requests, request =>
    {
        var first = new LinesOf(new HashSet<int> { 0 }, new HashSet<int>());
        var narrow = request with { Coupons = [.. request.Coupons.Select(coupon => coupon with { Lines = first })], Credits = [] };
        return Rate(narrow).AllLines.Skip(1).All(line => line.Discount.Amount == 0);
    });

    [Fact]
    public void Bounds_hold_before_coupons() => ForAll(Requests, request =>
    {
        var (bill, bounds) = (Rate(request), request.Commitments[0]);
        var sum = Exact.Sum(bill.AllLines.Where((line, i) => line.Commitment == 0 || bounds.Items!.Contains(i))
            .Select(line => (Exact)(line.Amount - line.CapReduction).Amount));
        return sum >= bounds.Minimum!.Value && sum <= bounds.Cap!.Value;
    });

    [Fact]
    public void Coupons_for_named_lines_and_for_all_come_to_the_same_where_those_are_all() => ForAll(Requests, request =>
    {
        var plain = request with { Commitments = [], Credits = [], Coupons = [.. request.Coupons.Select(coupon => coupon with { Lines = null })] };
        var everything = new LinesOf(Enumerable.Range(0, 6).ToHashSet(), new HashSet<int>());
        var named = plain with { Coupons = [.. plain.Coupons.Select(coupon => coupon with { Lines = everything })] };
        return Rate(plain).Lines.Select(line => line.Net).SequenceEqual(Rate(named).Lines.Select(line => line.Net))
            && Rate(plain).CouponsTaken.SequenceEqual(Rate(named).CouponsTaken);
    });

    [Fact]
    public void A_price_in_another_currency_is_rounded_once_after_its_rate() => ForAll(
        Amount.Zip(Gen.Choose(1, 50_000)), sample =>
        {
            var rate = new Exchange(Currency.Parse("USD"), sample.Item2 / 10_000m, March.Start);
            var line = Rate(Flat("0") with { Charge = new FlatCharge(sample.Item1), Exchange = rate }).Lines[0];
            return line.Unrounded == sample.Item1 * rate.Rate && line.Net == line.Unrounded.Round(Eur) && line.Exchange == rate;
        });
}

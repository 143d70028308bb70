using Licensing.Billing.Coupons;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Tests.Rating;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>What stands on invoices as one tax category and is due as another, as after a change of plan that was billed by the last plan.</summary>
public sealed class OtherTaxTests
{
    private static readonly DateOnly March = RatingSamples.March.Start;
    private static readonly Guid Granted = new("01890000-0000-7000-8000-000000000009");

    [Fact]
    public void It_goes_back_whole_by_its_own_tax_and_is_charged_anew_once()
    {
        var standing = StandingLines.Of(Bill("10.00", "S", 20));
        var bill = Settled(standing, Bill("12.00", "R", 7), out _);
        Text(bill).ShouldBe(["-10.00 S 20 -2.00 #1 before 10.00", "12.00 R 7 0.84 #2 before 0.00"]);
        bill.Rated.Taxes.Select(tax => $"{tax.Category} {tax.Percent} {tax.Net.Amount} {tax.Tax.Amount}")
            .ShouldBe(["R 7 12.00 0.84", "S 20 -10.00 -2.00"]);
        standing = [.. standing, .. StandingLines.Of(bill.Charges)];
        Text(Settled(standing, Bill("12.00", "R", 7), out _)).ShouldBeEmpty();
        // Corrected once more it is adjusted, and corrected back it is as it was.
        Text(Settled(standing, Bill("13.00", "R", 8), out _)).ShouldBe(["1.00 R 7 0.07 #3 before 12.00"]);
        Text(Settled(standing, Bill("10.00", "S", 20), out _)).ShouldBe(["10.00 S 20 2.00 #3 before 0.00", "-12.00 R 7 -0.84 #4 before 12.00"]);
    }

    [Theory]
    // Of 10.00 a credit paid 4.00; it goes on paying as much, and gets back what is more than is due.
    [InlineData("12.00", "-6.00 S credit -4.00; 8.00 R credit 4.00", "0")]
    [InlineData("3.00", "-6.00 S credit -4.00; 0.00 R credit 3.00", "-1.00")]
    [InlineData("0.00", "-6.00 S credit -4.00", "-4.00")]
    public void What_a_credit_paid_it_goes_on_paying(string due, string expected, string given)
    {
        var paid = Bill("10.00", "S", 20)[0];
        paid = paid with { Line = paid.Line with { Credit = new(4, RatingSamples.Eur) } };
        var credit = new PaidCredit(Credit, 4, 4) { OwnAmount = 4, OwnConsumed = 4 };
        var bill = Settled(StandingLines.Of([paid]), Bill(due, "R", 7), out var uses, credit);
        string.Join("; ", bill.Charges.Select(x => $"{x.Line.Net.Text()} {x.Line.TaxCategory} credit {x.Line.Credit.Text()}")).ShouldBe(expected);
        Exact.Sum(uses.Select(use => use.Consumed)).ShouldBe(Exact.Parse(given));
    }

    [Fact]
    public void What_a_credit_note_took_back_is_adjusted_as_a_whole()
    {
        var standing = StandingLines.Of(Bill("10.00", "S", 20));
        standing[0] = standing[0] with { Credited = new(4, RatingSamples.Eur) };
        Text(Settled(standing, Bill("12.00", "R", 7), out _)).ShouldBe(["2.00 S 20 0.40 #1 before 10.00"]);
    }

    private static GrantedReduction Credit { get; } = new(Granted, ReductionKind.Credit) { Amount = new Money(4, RatingSamples.Eur) };

    private static TenantBill Settled(
        BilledLine[] standing, IReadOnlyList<BilledCharge> due, out IReadOnlyList<ReductionUse> uses, params PaidCredit[] paid)
    {
        var credits = new MonthCredits(paid, new Dictionary<Guid, Exact>());
        var differences = Settling.Differences(March, due, standing, credits);
        uses = credits.Uses(March);
        var none = new TenantBill(null!, new RatedBill(RatingSamples.Eur, [], [], []), []);
        return RatingSamples.Value(Settling.With(none, differences, uses));
    }

    private static IReadOnlyList<BilledCharge> Bill(string amount, string category, int percent)
    {
        var item = RatingSamples.Flat(amount, category);
        var line = RatingSamples.Rate(RatingSamples.Request(item) with { Taxes = [new(category, percent)] }).Lines[0];
        var key = new LineKey(new(new("01890000-0000-7000-8000-000000000003")), "base", "", "", "", March);
        return [new BilledCharge(new DueCharge(key, "Base", RatingSamples.March, IsUsage: false, item), line)];
    }

    private static string[] Text(TenantBill bill) =>
    [
        .. bill.Charges.Select(x => $"{x.Line.Net.Text()} {x.Line.TaxCategory} {x.Line.TaxPercent} {x.Line.Tax.Text()} "
            + $"#{x.Due.Adjustment!.Number} before {x.Due.Adjustment.Before.Text()}"),
    ];
}

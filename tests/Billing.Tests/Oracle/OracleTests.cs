using System.Globalization;
using Licensing.Billing.Runs;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>Two billers that share no code agree on every number of every bill.</summary>
[Trait("Fault", "F33")]
public sealed class OracleTests
{
    private static readonly int Contracts = FaultLength.Times(inTests: 100_000, inFaults: 1_000_000);

    /// <summary>Where another run begins; what fails names its own seed.</summary>
    private static readonly int First =
        int.TryParse(Environment.GetEnvironmentVariable("LICENSING_ORACLE_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : 20_261_122;

    [Fact]
    public void Both_billers_come_to_the_same_bills()
    {
        var differences = new System.Collections.Concurrent.ConcurrentQueue<string>();
        // No more than the processors: the pool would go on adding threads to a loop that never waits.
        var all = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, Contracts, all, (i, state) =>
        {
            if (Oracle.CompareAll(First + i) is not { } difference)
                return;
            differences.Enqueue(difference);
            if (differences.Count >= 3)
                state.Stop();
        });
        differences.ShouldBeEmpty();
    }

    [Theory]
    // Of a subscription that nothing is paid for: records of a region that comes to nothing, beside one that does not, have their fees.
    [InlineData(20_762_934)]
    [InlineData(20_792_086)]
    [InlineData(20_854_824)]
    // A coupon in a currency without a rate, on a bill that leaves it nothing to take.
    [InlineData(20_429_523)]
    [InlineData(20_931_238)]
    public void What_the_billers_once_differed_in_they_agree_on(int seed) => Oracle.CompareAll(seed).ShouldBeNull();

    [Fact]
    public void The_contracts_of_chance_have_everything_that_can_be_billed()
    {
        var bills = Enumerable.Range(0, 2_000).Select(i => Oracle.Product(new ContractGenerator(i).Next())).ToList();
        var late = Enumerable.Range(0, 2_000).Select(i => LateOracle.Product(new ContractGenerator(i).Next()))
            .Where(bill => bill.Refusal is null).SelectMany(bill => bill.Refused(out _, out var value) ? [] : value.Charges)
            .Where(charge => charge.Due.Adjustment is not null).ToList();
        var billed = bills.Where(bill => bill.Refusal is null).Select(bill => bill.Refused(out _, out var value) ? null! : value).ToList();
        var lines = billed.SelectMany(bill => bill.Charges).ToList();
        var advance = Enumerable.Range(0, 2_000).Select(AdvanceOracle.Product).OfType<(TenantBill Before, TenantBill Then)>().ToList();
        var differences = advance.SelectMany(x => x.Then.Charges).Where(charge => charge.Due.Adjustment is not null).ToList();
        bills.Select(bill => bill.Refusal?.Code).Distinct().Order().ShouldBe([null, "exchange_rate_missing", "price_missing", "tax_rate_missing"]);
        billed.Count.ShouldBeGreaterThan(1_500);
        foreach (var (what, has) in new Dictionary<string, bool>
        {
            ["caps"] = lines.Exists(line => line.Line.CapReduction.Amount > 0),
            ["one cap of several plans"] = lines.Where(line => line.Line.CapReduction.Amount > 0).GroupBy(line => line.Due.Key.Subscription)
                .Any(own => own.Select(line => line.Due.PlanKey).Distinct().Count() > 1),
            ["minimums"] = lines.Exists(line => line.Line.Commitment is not null),
            ["minimums of several taxes"] = lines.Exists(line => line.Due.Key.Charge == "~minimum.AA"),
            ["discounts"] = lines.Exists(line => line.Line.Discount.Amount > 0),
            ["money credits"] = billed.Exists(bill => bill.Uses.Any(use => use.Reduction.Quantity is null && use.Consumed.Sign > 0)),
            ["credits in units"] = billed.Exists(bill => bill.Uses.Any(use => use.Reduction.Quantity is not null)),
            ["other currencies"] = lines.Exists(line => line.Line.Exchange is not null),
            ["usage of two plans"] = lines.Where(x => x.Due.IsUsage).GroupBy(x => x.Due.Key.Subscription)
                .Any(own => own.Select(x => x.Due.Key.StartsOn).Distinct().Count() > 1),
            ["usage while suspended throughout"] = billed.Exists(bill => bill.Charges.Count > 0 && bill.Charges.All(x => x.Due.IsUsage)),
            ["two names of one rate"] = billed.Exists(
                bill => bill.Rated.Taxes.GroupBy(tax => tax.Percent).Any(same => same.Count(x => x.Tax.Amount > 0) > 1)),
            ["other categories than those of the prices"] = lines.Exists(
                line => line.Line.TaxCategory == "AE" && line.Line.PriceCategory == "S" && line.Line.Net.Amount > 0),
            ["two percents of one category"] = billed.Exists(bill => bill.Rated.Taxes.GroupBy(tax => tax.Category).Any(same => same.Count() > 1)),
            ["several categories charged as one"] = billed.Exists(
                bill => bill.Charges.GroupBy(x => (x.Line.TaxCategory, x.Line.TaxPercent)).Any(
                    same => same.Select(x => x.Line.PriceCategory).Distinct().Count() > 1)),
            ["minimums of another category"] = lines.Exists(line => line.Due.Key.Charge == "~minimum.AA" && line.Line.TaxCategory != "AA"),
            ["negative lines"] = lines.Exists(line => line.Line.Net.Amount < 0),
            ["late usage"] = late.Exists(line => line.Due.IsUsage && line.Line.Net.Amount > 0),
            ["usage taken back"] = late.Exists(line => line.Due.IsUsage && line.Line.Net.Amount < 0),
            ["minimums that shrink"] = late.Exists(line => line.Line.Net.Amount < 0 && line.Due.Key.Charge == "~minimum"),
            ["late discounts"] = late.Exists(line => line.Line.Discount.Amount != 0),
            ["late caps"] = late.Exists(line => line.Line.CapReduction.Amount != 0),
            ["things that nothing was billed for"] = late.Exists(line => line.Due.Adjustment!.Before.Amount == 0),
            ["charges in advance"] = advance.Exists(x => x.Before.Charges.Count > 1),
            ["what came as it was known"] = advance.Exists(x => x.Before.Charges.Count > 0 && x.Then.Charges.All(y => y.Due.Adjustment is null)),
            ["unused days"] = differences.Exists(x => x.Line.Net.Amount < 0 && x.Due.Days.Start != x.Due.Key.StartsOn),
            ["days that were not known"] = differences.Exists(x => x.Line.Net.Amount > 0 && x.Due.Days.Start != x.Due.Key.StartsOn),
            ["back and anew"] = differences.Exists(x => x.Due.Adjustment!.Number == 2),
            ["discounts of what was billed in advance"] = differences.Exists(x => x.Line.Discount.Amount > 0),
            ["caps of what was billed in advance"] = differences.Exists(x => x.Line.CapReduction.Amount > 0),
            ["another category from the month on"] = advance.Exists(x => x.Then.Charges.GroupBy(charge => charge.Due.Key).Any(
                same => same.Select(charge => (charge.Due.Adjustment?.Number, charge.Line.TaxCategory)).ToList() is [(1, var was), (2, var now)]
                    && was != now)),
            ["taxes that changed"] = advance.Exists(x => x.Then.Rated.Taxes.GroupBy(tax => tax.Category).Any(tax => tax.Count() > 1)),
            ["parts of the period"] = lines.Exists(line => line.Line.Days.Days < line.Line.Days.PeriodDays),
        })
            has.ShouldBeTrue(what);
    }
}

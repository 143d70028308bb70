using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Settled = Licensing.Kernel.Result<Licensing.Billing.Runs.TenantBill>;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>
/// Bills contracts of chance twice, has usage come late, and settles it twice: the product by its differences on the next bill, the second biller by
/// billing the month once more and taking away, thing by thing, what was charged.
/// </summary>
internal static class LateOracle
{
    /// <summary>What is different, with the seed that shows it again; null when nothing is.</summary>
    public static string? Compare(int seed)
    {
        var contract = new ContractGenerator(seed).Next();
        var later = contract with { Usage = contract.Later };
        if (Oracle.Product(contract).Refused(out _, out var before) || Oracle.Product(later).Refused(out _, out var anew)
            || Oracle.Product(contract with { Taxes = contract.LaterTaxes }).Refused(out _, out var next))
            return null;

        var differences = Settling.Differences(contract.Period.Start, anew.Charges, Standing(before.Charges));
        if (Settling.Differences(contract.Period.Start, anew.Charges, Standing([.. before.Charges, .. differences])).Count > 0)
            return $"seed {seed}: settled once, there is still a difference";
        var settled = Settling.With(next, differences);
        var expected = Naive(contract, later);
        if (settled.Refused(out var refusal, out var bill))
            return $"seed {seed}: refused as {refusal.Code}";
        string[] ours = [.. bill.Charges.Select(charge => Oracle.Text(charge).ToString())];
        string[] theirs = [.. expected.Select(line => line.ToString())];
        if (!ours.SequenceEqual(theirs))
            return $"seed {seed}, late, {contract.Period}, {contract.Currency}:\nours   "
                + $"{string.Join("\n       ", ours.Except(theirs).DefaultIfEmpty("in another order"))}"
                + $"\ntheirs {string.Join("\n       ", theirs.Except(ours))}";
        var taxes = bill.Rated.Taxes.ToDictionary(
            tax => (tax.Category, Oracle.Number(tax.Percent)), tax => (Oracle.Number(tax.Net), Oracle.Number(tax.Tax)));
        var isTaxed = expected.GroupBy(line => (line.Tax, line.Percent!.Value)).All(group => taxes.GetValueOrDefault(group.Key)
            == (Fraction.Sum(group.Select(line => line.Net)), Fraction.Sum(group.Select(line => line.Vat))));
        return isTaxed ? null : $"seed {seed}: the sums of the taxes differ";
    }

    /// <summary>The bill of the product with what came late.</summary>
    public static Settled Product(Contract contract) =>
        Oracle.Product(contract).Refused(out var refusal, out var before) ? refusal
        : Oracle.Product(contract with { Usage = contract.Later }).Refused(out refusal, out var anew) ? refusal
        : Settling.With(before, Settling.Differences(contract.Period.Start, anew.Charges, Standing(before.Charges)));

    private static IReadOnlyList<BilledLine> Standing(IReadOnlyList<BilledCharge> charges) =>
    [
        .. charges.Select(charge => new BilledLine(charge.Due.Key, charge.Due.Adjustment?.Number ?? 0, true, charge.Line.Net)
        {
            Description = charge.Due.Description,
            Days = charge.Due.Days,
            PeriodDays = charge.Line.Days.PeriodDays,
            IsUsage = charge.Due.IsUsage,
            Quantity = charge.Line.Quantity,
            Unrounded = charge.Line.Unrounded,
            CapReduction = charge.Line.CapReduction,
            Discount = charge.Line.Discount,
            Credit = charge.Line.Credit,
            TaxCategory = charge.Line.TaxCategory,
            TaxPercent = charge.Line.TaxPercent,
            Exchange = charge.Line.Exchange,
        }),
    ];

    private static List<NaiveLine> Naive(Contract contract, Contract later)
    {
        var biller = new NaiveBiller(contract with { Taxes = contract.LaterTaxes });
        var lines = biller.Bill().ToList();
        var before = new NaiveBiller(contract).Bill();
        var anew = new NaiveBiller(later).Bill();
        foreach (var key in anew.Concat(before).Select(line => line.Key).Distinct())
        {
            var (was, now) = (before.SingleOrDefault(line => line.Key == key), anew.SingleOrDefault(line => line.Key == key));
            Fraction Less(Func<NaiveLine, Fraction> of) => (now is null ? 0 : of(now)) - (was is null ? 0 : of(was));
            // Credits are what was paid, not what was owed.
            if (Less(line => line.Amount - line.Cap - line.Discount).Sign == 0)
                continue;
            var one = (was ?? now)!;
            lines.Add(new NaiveLine
            {
                Key = key,
                Tax = one.Tax,
                Percent = one.Percent,
                Quantity = Less(line => line.Quantity),
                Unrounded = Less(line => line.Unrounded),
                Amount = Less(line => line.Amount),
                Cap = Less(line => line.Cap),
                Discount = Less(line => line.Discount),
                Subscription = one.Subscription,
                Plan = one.Plan,
                Charge = one.Charge,
            });
        }

        biller.Taxes(lines);
        return lines;
    }
}

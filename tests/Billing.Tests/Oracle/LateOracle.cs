using Licensing.Billing.Coupons;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Tests.Settlement;
using Currency = Licensing.Kernel.Currency;
using Exact = Licensing.Kernel.Exact;
using Money = Licensing.Kernel.Money;
using Settled = Licensing.Kernel.Result<Licensing.Billing.Runs.TenantBill>;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>
/// Bills contracts of chance twice, has credit notes issued and usage come late, and settles it twice: the product by its differences on the next
/// bill, the second biller by billing the month once more and taking away, thing by thing, what was charged. Then what came late turns out wrong.
/// </summary>
internal static class LateOracle
{
    /// <summary>A contract's month as billed, corrected and corrected back, with the product's lines of both corrections.</summary>
    internal sealed record LateMonthOfChance(
        Contract Contract, TenantBill Before, TenantBill Next, IReadOnlyList<BilledCharge> Corrected, IReadOnlyList<ReductionUse> Given,
        IReadOnlyList<BilledCharge> Undone, IReadOnlyList<ReductionUse> Taken, IReadOnlyDictionary<string, decimal> Noted, bool IsSpent)
    {
        /// <summary>Corrected once, it is not corrected again.</summary>
        public bool IsAtRest { get; init; }

        /// <summary>What is due by what came late, before credits.</summary>
        public required IReadOnlyDictionary<LineKey, Money> Due { get; init; }
    }

    private static readonly IReadOnlyDictionary<string, decimal> Nothing = new Dictionary<string, decimal>();

    /// <summary>What is different, with the seed that shows it again; null when nothing is.</summary>
    public static string? Compare(int seed)
    {
        if (Of(seed) is not { } month)
            return null;
        var (contract, expected) = (month.Contract, Naive(month));
        if (Settling.With(month.Next, month.Corrected, month.Given).Refused(out var refusal, out var bill))
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
        if (!isTaxed)
            return $"seed {seed}: the sums of the taxes differ";
        return Unkept(month) is { } unkept ? $"seed {seed}: {unkept}" : null;
    }

    /// <summary>The bill of the product with what came late.</summary>
    public static Settled Product(Contract contract)
    {
        if (Oracle.Product(contract).Refused(out var refusal, out var before)
            || Oracle.Product(contract with { Usage = contract.Later }).Refused(out refusal, out var anew))
            return refusal;
        var credits = Credits(Paid(before.Uses), []);
        var differences = Settling.Differences(contract.Period.Start, anew.Charges, Standing(before.Charges, Nothing), credits);
        return Settling.With(before, differences, credits.Uses(contract.Period.Start));
    }

    /// <summary>Null where one of the bills that it takes cannot be made.</summary>
    public static LateMonthOfChance? Of(int seed)
    {
        var contract = new ContractGenerator(seed).Next();
        if (Oracle.Product(contract).Refused(out _, out var before)
            || Oracle.Product(contract with { Usage = contract.Later }).Refused(out _, out var anew)
            || Oracle.Product(contract with { Taxes = contract.LaterTaxes }).Refused(out _, out var next))
            return null;

        var (chance, first) = (new Random(seed), contract.Period.Start);
        var noted = chance.Next(4) > 0 ? Nothing : Notes(before, contract.Currency, chance);
        var isSpent = chance.Next(3) == 0;
        var paid = Paid(before.Uses);
        var credits = Credits(paid, []);
        var corrected = Settling.Differences(first, anew.Charges, Standing(before.Charges, noted), credits);
        var given = credits.Uses(first);

        // What went back is there again, unless another bill has spent some of it.
        var left = given.ToDictionary(use => use.Reduction.Id, use => isSpent ? -use.Consumed * chance.Next(3) / 3 : -use.Consumed);
        paid = paid.ConvertAll(x => Plus(x, given));
        var standing = Standing([.. before.Charges, .. corrected], noted);
        var isAtRest = Settling.Differences(first, anew.Charges, standing, Credits(paid, left)).Count == 0;
        credits = Credits(paid, left);
        var undone = Settling.Differences(first, before.Charges, standing, credits);
        return new LateMonthOfChance(contract, before, next, corrected, given, undone, credits.Uses(first), noted, isSpent)
        {
            IsAtRest = isAtRest,
            Due = anew.Charges.ToDictionary(charge => charge.Due.Key, charge => charge.Line.Net + charge.Line.Credit),
        };
    }

    // What holds of any correction, whatever it comes to.
    private static string? Unkept(LateMonthOfChance month)
    {
        if (!month.IsAtRest)
            return "settled once, there is still a difference";
        if (Sum(month.Corrected, x => x.Credit) != Amount(month.Given) || Sum(month.Undone, x => x.Credit) != Amount(month.Taken))
            return "what lines say of credits is not what credits got";
        foreach (var paid in Paid(month.Before.Uses))
        {
            var (once, twice) = (Plus(paid, month.Given), Plus(Plus(paid, month.Given), month.Taken));
            if (once.Amount.Sign < 0 || once.Consumed.Sign < 0 || once.Consumed > paid.Consumed || once.Amount > paid.Amount
                || twice.Amount.Sign < 0 || twice.Consumed.Sign < 0 || twice.Consumed > paid.Consumed || twice.Amount > paid.Amount)
                return "a credit got back more than it paid, or paid more than it got back";
        }

        if (month.Before.Charges.Any(charge => charge.Line.Credit.Amount < 0))
            return null;
        var before = month.Before.Charges.ToDictionary(charge => charge.Due.Key);
        foreach (var charge in month.Corrected)
        {
            Fraction due = month.Due.TryGetValue(charge.Due.Key, out var now) ? Oracle.Number(now) : 0;
            var money = Oracle.Number(charge.Line.Net) - month.Noted.GetValueOrDefault(Oracle.Text(charge).Key)
                + (before.TryGetValue(charge.Due.Key, out var was) ? Oracle.Number(was.Line.Net) : 0);
            if (money < (due.Sign < 0 ? due : 0) && money < 0 && charge.Line.Net.Amount < 0)
                return $"{charge.Due.Key}: more money goes back than came";
        }

        if (month.IsSpent || month.Noted.Count > 0)
            return null;
        return Amount(month.Given) + Amount(month.Taken) != 0
            || month.Corrected.Concat(month.Undone).GroupBy(charge => charge.Due.Key).Any(both => Sum(both, x => x.Net) != 0)
            ? "a correction and its reverse are not nothing"
            : null;
    }

    private static Fraction Sum(IEnumerable<BilledCharge> charges, Func<Licensing.Billing.Rating.RatedLine, Money> of) =>
        Fraction.Sum(charges.Select(charge => Oracle.Number(of(charge.Line))));

    private static Fraction Amount(IEnumerable<ReductionUse> uses) => Fraction.Sum(uses.Select(use => Oracle.Number(use.Amount)));

    private static MonthCredits Credits(IEnumerable<PaidCredit> paid, Dictionary<Guid, Exact> left) => new(paid, new Dictionary<Guid, Exact>(left));

    private static List<PaidCredit> Paid(IEnumerable<ReductionUse> uses) =>
    [
        .. uses.Where(use => use.Reduction.Kind is ReductionKind.Credit).OrderBy(use => use.Reduction.Quantity is not null)
            .Select(use => new PaidCredit(use.Reduction, use.Amount, use.Consumed) { OwnAmount = use.Amount, OwnConsumed = use.Consumed }),
    ];

    private static PaidCredit Plus(PaidCredit paid, IEnumerable<ReductionUse> uses)
    {
        foreach (var use in uses.Where(use => use.Reduction.Id == paid.Reduction.Id))
            paid = paid with { Amount = paid.Amount + use.Amount, Consumed = paid.Consumed + use.Consumed };
        return paid;
    }

    private static Dictionary<string, decimal> Notes(TenantBill bill, Currency currency, Random chance) => bill.Charges
        .Where(charge => charge.Line.Net.Amount != 0 && chance.Next(2) == 0)
        .ToDictionary(charge => Oracle.Text(charge).Key, charge => Math.Round(
            charge.Line.Net.Amount * chance.Next(1, 5) / 4, currency.MinorUnits, MidpointRounding.ToZero));

    private static BilledLine[] Standing(IReadOnlyList<BilledCharge> charges, IReadOnlyDictionary<string, decimal> noted) =>
    [
        .. charges.Zip(StandingLines.Of(charges), (charge, line) => charge.Due.Adjustment is null && noted.Count > 0
            ? line with { Credited = line.Net with { Amount = noted.GetValueOrDefault(Oracle.Text(charge).Key) } }
            : line),
    ];

    private static List<NaiveLine> Naive(LateMonthOfChance month)
    {
        var contract = month.Contract;
        var biller = new NaiveBiller(contract with { Taxes = contract.LaterTaxes });
        var lines = biller.Bill().ToList();
        var before = new NaiveBiller(contract).Bill();
        var anew = new NaiveBiller(contract with { Usage = contract.Later }).Bill();
        // All that credits paid of the month: no more than that can go back to them.
        var paid = Fraction.Sum(before.Select(line => line.Credit));
        foreach (var key in anew.Concat(before).Select(line => line.Key).Distinct())
        {
            var (was, now) = (before.SingleOrDefault(line => line.Key == key), anew.SingleOrDefault(line => line.Key == key));
            Fraction Less(Func<NaiveLine, Fraction> of) => (now is null ? 0 : of(now)) - (was is null ? 0 : of(was));
            static Fraction Charged(NaiveLine line) => line.Amount - line.Cap - line.Discount;
            var less = Less(Charged);
            if (less.Sign == 0)
                continue;
            // A credit that paid more than is due by now gets the rest back; the others get money.
            Fraction due = now is null ? 0 : Charged(now);
            var back = Least(Least((was?.Credit ?? 0) - (due.Sign < 0 ? 0 : due), -less), paid);
            if (back.Sign < 0)
                back = 0;
            paid -= back;
            // Of what a credit note took back already, no more than what is left.
            var (money, noted) = (less + back, (Fraction)month.Noted.GetValueOrDefault(key));
            if (money.Sign < 0 && noted.Sign > 0)
                money = -Least(-money, was!.Net - noted + (due.Sign < 0 ? -due : 0));
            if (money.Sign > 0 && noted.Sign < 0)
                money = Least(money, noted - was!.Net + (due.Sign > 0 ? due : 0));
            if (money.Sign == 0 && back.Sign == 0)
                continue;
            var one = (was ?? now)!;
            lines.Add(new NaiveLine
            {
                Key = key,
                Tax = one.Tax,
                Percent = one.Percent,
                Quantity = Less(line => line.Quantity),
                Unrounded = Less(line => line.Unrounded),
                Amount = Less(line => line.Amount) + money - less - back,
                Cap = Less(line => line.Cap),
                Discount = Less(line => line.Discount),
                Credit = -back,
                Subscription = one.Subscription,
                Plan = one.Plan,
                Charge = one.Charge,
            });
        }

        biller.Taxes.Apply(lines);
        return lines;
    }

    private static Fraction Least(Fraction one, Fraction other) => one < other ? one : other;
}

using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Taxes;
using Licensing.Billing.Tests.Settlement;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Billed = Licensing.Kernel.Result<Licensing.Billing.Runs.TenantBill>;
using Exact = Licensing.Kernel.Exact;
using Period = Licensing.Kernel.Period;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>
/// Bills contracts of chance over two periods, twice: some of their charges are in advance, and what was known when they were billed is not what then
/// came. The product takes off what it billed in advance; the second biller bills each period alone and takes away, thing by thing.
/// </summary>
internal static class AdvanceOracle
{
    /// <summary>What is different, with the seed that shows it again; null when nothing is.</summary>
    public static string? Compare(int seed)
    {
        var (known, came) = Contracts(seed);
        var (ahead, naive) = (NaiveAhead(known), new NaiveBiller(came));
        var due = naive.Bill();
        if (naive.Refusals.Count + ahead.Refusals.Count > 0)
            return null;
        if (Before(known).Refused(out var refusal, out var before))
            return $"seed {seed}: nothing can be billed in advance: {refusal.Code}";
        var standing = StandingLines.Of(before.Charges);
        if (Then(came, standing).Refused(out refusal, out var bill))
            return $"seed {seed}: refused as {refusal.Code}";

        var said = Different(seed, "ahead", before.Charges, ahead.Lines) ?? Different(seed, "the period", bill.Charges, Less(due, ahead.Lines));
        if (said is not null)
            return said;
        if (Oracle.Product(came).Refused(out _, out var alone))
            return $"seed {seed}: not billed alone";
        var none = new MonthCredits([], new Dictionary<Guid, Exact>());
        return Settling.Differences(came.Period.Start, alone.Charges, [.. standing, .. StandingLines.Of(bill.Charges)], none) is [var left, ..]
            ? $"seed {seed}: settled, there is still {left.Due.Key} {left.Line.Net}"
            : Taxes(seed, before) ?? Taxes(seed, bill);
    }

    /// <summary>The product's two bills, for what they have in them; null where one is refused.</summary>
    public static (TenantBill Before, TenantBill Then)? Product(int seed)
    {
        var (known, came) = Contracts(seed);
        return Before(known).Refused(out _, out var before) || Then(came, StandingLines.Of(before.Charges)).Refused(out _, out var then)
            ? null
            : (before, then);
    }

    // By numbers of their own, so that the contracts of the other oracles stay what they are.
    private static (Contract Known, Contract Came) Contracts(int seed)
    {
        var chance = new Random(seed ^ 0x5eed);
        var contract = new ContractGenerator(seed).Next();
        // The product bills calendar months in advance.
        contract = contract with
        {
            Plans = contract.Plans.Values.Select(plan => plan with
            {
                Charges = [.. plan.Charges.Select(charge => charge.Meter is null && chance.Next(3) > 0 ? charge with { InAdvance = true } : charge)],
            }).ToDictionary(plan => plan.Id),
            Reductions = [.. contract.Reductions.Where(x => !x.IsCredit)],
        };
        var plans = contract.Plans.Keys.OrderBy(id => id.Value).ToList();
        return (contract with { Subscriptions = [.. contract.Subscriptions.Select(x => Known(x, contract, plans, chance))] }, contract);
    }

    // As it came, without a change that was not known yet, with one that was taken back, or without an end.
    private static BillableSubscription Known(BillableSubscription came, Contract contract, List<PlanVersionId> plans, Random chance)
    {
        if (came.Spans.Count == 0)
            return came;
        var (first, last) = (came.Spans[0], came.Spans[^1]);
        IReadOnlyList<SubscriptionSpan> spans = chance.Next(6) switch
        {
            0 => came.Spans,
            1 => [first with { Days = new Period(first.Days.Start, contract.Period.End) }],
            2 => [.. came.Spans.SkipLast(1), last with { Days = new Period(last.Days.Start, last.Days.Start.AddDays(1)) }],
            3 => [.. came.Spans.Select(span => span with { PlanVersionId = plans[chance.Next(plans.Count)] })],
            4 => [.. came.Spans.Select(span => span with
            {
                Quantities = span.Quantities.ToDictionary(x => x.Key, x => chance.Next(2) == 0 ? x.Value : chance.Next(0, 60)),
            })],
            _ => [first with { Days = new Period(contract.Period.Start, contract.Period.End) }],
        };
        return came with { Spans = spans };
    }

    public static Billed Before(Contract known)
    {
        var start = known.Period.Start;
        return TenantRating.Rate(
            Oracle.Account(known with { Subscriptions = [], Reductions = [] }, known.Subscriptions[0].TenantId) with { Next = known.Subscriptions },
            Oracle.Prices(known) with
            {
                Period = new Period(start.AddMonths(-1), start),
                TaxesAhead = new TaxTable(known.Taxes, start),
                AheadOf = known.Period,
            });
    }

    public static Billed Then(Contract came, IReadOnlyList<BilledLine> standing) => TenantRating.Rate(
        Oracle.Account(came, came.Subscriptions[0].TenantId) with { BilledAhead = standing },
        Oracle.Prices(came) with { RatesInAdvance = BilledLines.RatesInAdvance(standing) });

    // The charges in advance alone, of which nothing is bounded or reduced, at the rates of the first day.
    private static (IReadOnlyList<NaiveLine> Lines, IReadOnlySet<string> Refusals) NaiveAhead(Contract known)
    {
        var biller = new NaiveBiller(known with
        {
            Plans = known.Plans.Values.Select(plan => plan with
            {
                Charges = [.. plan.Charges.Where(charge => charge.InAdvance)],
                Terms = new PlanTermsRef(),
                UsesPriceLists = false,
            }).ToDictionary(plan => plan.Id),
            Usage = [],
            Reductions = [],
        })
        {
            TaxedOn = known.Period.Start,
        };
        return (biller.Bill(), biller.Refusals);
    }

    private static IReadOnlyList<NaiveLine> Less(IReadOnlyList<NaiveLine> due, IReadOnlyList<NaiveLine> ahead)
    {
        var left = new List<NaiveLine>();
        foreach (var line in due)
            if (ahead.FirstOrDefault(x => x.Key == line.Key) is not { } was)
                left.Add(line);
            else if (was.Quantity == line.Quantity && was.Tax == line.Tax && SamePrice(was, line))
                left.Add(Minus(line, was));
            else
                left.AddRange([Minus(null, was), line]);
        left.AddRange(ahead.Where(was => due.All(line => line.Key != was.Key)).Select(was => Minus(null, was)));
        // Of differences those of no money are none; a line of its own right is shown for its quantity.
        return [.. left.Where(line => due.Contains(line) || line.Net.Sign != 0)];
    }

    private static bool SamePrice(NaiveLine was, NaiveLine now) =>
        was.Unrounded == now.Unrounded || (was.Days > 0 && now.Days > 0 && was.Unrounded / was.Days == now.Unrounded / now.Days);

    private static NaiveLine Minus(NaiveLine? now, NaiveLine was) => new()
    {
        Key = was.Key,
        Tax = was.Tax,
        Percent = was.Percent,
        Unrounded = (now?.Unrounded ?? 0) - was.Unrounded,
        Amount = (now?.Amount ?? 0) - was.Amount,
        Cap = now?.Cap ?? 0,
        Discount = now?.Discount ?? 0,
        Subscription = was.Subscription,
        Plan = was.Plan,
        Charge = was.Charge,
    };

    private static string? Different(int seed, string what, IReadOnlyList<BilledCharge> billed, IReadOnlyList<NaiveLine> expected)
    {
        string[] ours = [.. billed.Select(charge => Shown(Oracle.Text(charge), Oracle.Number(charge.Line.TaxPercent!.Value))).Order()];
        string[] theirs = [.. expected.Select(line => Shown(line, line.Percent!.Value)).Order()];
        return ours.SequenceEqual(theirs) ? null : $"seed {seed}, {what}:\nours   {string.Join("\n       ", ours.Except(theirs))}"
            + $"\ntheirs {string.Join("\n       ", theirs.Except(ours))}";
    }

    private static string Shown(NaiveLine line, Fraction percent) =>
        $"{line.Key} {line.Tax} {percent} % unrounded {line.Unrounded} amount {line.Amount} cap {line.Cap} discount {line.Discount} net {line.Net}";

    // Each rate once on the sum of its nets, and the lines' taxes add up to it.
    private static string? Taxes(int seed, TenantBill bill)
    {
        foreach (var lines in bill.Charges.GroupBy(charge => (Kind: NaiveTaxes.Kind(charge.Line.TaxCategory!), charge.Line.TaxPercent!.Value)))
        {
            var net = Fraction.Sum(lines.Select(charge => Oracle.Number(charge.Line.Net)));
            var tax = (net * Oracle.Number(lines.Key.Value) / 100).Round(bill.Rated.Currency.MinorUnits);
            if (Fraction.Sum(lines.Select(charge => Oracle.Number(charge.Line.Tax))) != tax
                || tax != Fraction.Sum(bill.Rated.Taxes.Where(x => (NaiveTaxes.Kind(x.Category), x.Percent) == lines.Key)
                    .Select(x => Oracle.Number(x.Tax))))
                return $"seed {seed}: the tax of {lines.Key} is not {tax}";
        }

        return null;
    }
}

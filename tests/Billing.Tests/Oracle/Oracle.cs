using Licensing.Billing.Coupons;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Billed = Licensing.Kernel.Result<Licensing.Billing.Runs.TenantBill>;
using Currency = Licensing.Kernel.Currency;
using Exact = Licensing.Kernel.Exact;
using Money = Licensing.Kernel.Money;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>Bills contracts of chance twice and compares every number of the two bills.</summary>
internal static class Oracle
{
    private static readonly PriceListId List = new(new Guid("01890000-0000-7000-8000-00000000000a"));

    /// <summary>All comparisons there are of a seed's contract: what the first that fails tells, null when both billers agree in each.</summary>
    public static string? CompareAll(int seed) => Compare(seed) ?? LateOracle.Compare(seed) ?? AdvanceOracle.Compare(seed);

    /// <summary>What is different, with the seed that shows it again; null when nothing is.</summary>
    private static string? Compare(int seed)
    {
        var contract = new ContractGenerator(seed).Next();
        var naive = new NaiveBiller(contract);
        var expected = naive.Bill();
        if (Product(contract).Refused(out var refusal, out var bill))
            return naive.Refusals.Contains(refusal.Code)
                ? null
                : $"seed {seed}: refused as {refusal.Code}, not as {string.Join(", ", naive.Refusals)}";
        if (naive.Refusals.Count > 0)
            return $"seed {seed}: billed in spite of {string.Join(", ", naive.Refusals)}";

        string[] ours = [.. bill.Charges.Select(charge => Text(charge).ToString())];
        string[] theirs = [.. expected.Select(line => line.ToString())];
        if (!ours.SequenceEqual(theirs))
            return $"seed {seed}, {contract.Period}, {contract.Currency}:\nours   "
                + $"{string.Join("\n       ", ours.Except(theirs).DefaultIfEmpty("in another order"))}"
                + $"\ntheirs {string.Join("\n       ", theirs.Except(ours))}";

        // Lines that are not shown carry nothing, so that the sums of what is shown are the invoice's.
        var sums = (Number(bill.Rated.Net), Number(bill.Rated.Tax), Number(bill.Rated.Total), Number(bill.Rated.Discount), Number(bill.Rated.Credit));
        var other = (
            Fraction.Sum(expected.Select(line => line.Net)), Fraction.Sum(expected.Select(line => line.Vat)),
            Fraction.Sum(expected.Select(line => line.Net + line.Vat)), Fraction.Sum(expected.Select(line => line.Discount)),
            Fraction.Sum(expected.Select(line => line.Credit)));
        var taxes = bill.Rated.Taxes.ToDictionary(tax => (tax.Category, Number(tax.Percent)), tax => (Number(tax.Net), Number(tax.Tax)));
        var isTaxed = expected.GroupBy(line => (line.Tax, line.Percent!.Value))
            .All(group => taxes[group.Key] == (Fraction.Sum(group.Select(line => line.Net)), Fraction.Sum(group.Select(line => line.Vat))));
        if (sums != other || !isTaxed)
            return $"seed {seed}: sums {sums} are not {other}, or those of the taxes differ";
        return Overbound(contract, bill) is { } beyond ? $"seed {seed}, {contract.Period}, {contract.Currency}: {beyond}" : null;
    }

    // Whatever rule shares what one and the same commitment of all plans bounds: together they come to it, as one plan alone would.
    private static string? Overbound(Contract contract, TenantBill bill)
    {
        if (contract.Plans.Values.Select(plan => (plan.Terms.Commitment, plan.Currency)).Distinct().Count() > 1
            || contract.Plans.Values.First() is not { Terms.Commitment: { } bounds } plan || plan.Currency != contract.Currency)
            return null;
        foreach (var subscription in contract.Subscriptions)
        {
            var lines = bill.Charges.Where(charge => charge.Due.Key.Subscription == subscription.Id).ToList();
            var plans = lines.GroupBy(charge => charge.Due.PlanKey).ToList();
            var sum = Fraction.Sum(lines.Select(charge => Number(charge.Line.Amount) - Number(charge.Line.CapReduction)));
            if (bounds is { Cap: { } cap, Minimum: null } && sum > ((Fraction)cap).Round(contract.Currency.MinorUnits)
                && plans.TrueForAll(own => own.Any(charge => charge.Line.CapReduction.Amount > 0)))
                return $"what is capped at {cap} comes to {sum}";
            var isPaid = subscription.TrialEndsOn <= contract.Period.Start && subscription.Spans.Sum(span => span.Days.Days) == contract.Period.Days;
            if (bounds is { Minimum: { } minimum, Cap: null } && isPaid
                && plans.TrueForAll(own => own.Any(charge => charge.Line.Commitment is not null))
                && sum != ((Fraction)minimum).Round(contract.Currency.MinorUnits))
                return $"what is at least {minimum} comes to {sum}";
        }

        return null;
    }

    /// <summary>The bill of the product.</summary>
    public static Billed Product(Contract contract) =>
        TenantRating.Rate(Account(contract, contract.Subscriptions[0].TenantId), Prices(contract));

    public static TenantAccount Account(Contract contract, OrganizationId id)
    {
        var tenant = new OrganizationRef(
            id, 4, OrganizationKind.Tenant, null, "1.2.3.4.", "t", "T", contract.Country, contract.Currency, true);
        var usage = PeriodUsage.None with
        {
            Totals = contract.Subscriptions.SelectMany(subscription => PlanStretch.Of(subscription, contract.Period), (subscription, stretch) =>
                    (From: stretch.Days.Start, Totals: Totals(contract, subscription.Id, stretch.Days)))
                .SelectMany(x => x.Totals, (x, total) => (x.From, Total: total)).ToLookup(x => (x.Total.SubscriptionId, x.From), x => x.Total),
        };
        return new TenantAccount(tenant, contract.Subscriptions, usage) { Reductions = [.. contract.Reductions.Select(Granted)] };
    }

    // As Usage tells them: the cells of some days as the meter counts, in the order of their names.
    private static IEnumerable<UsageTotal> Totals(Contract contract, SubscriptionId subscription, Licensing.Kernel.Period days) => contract.Usage
        .Where(x => x.Total.SubscriptionId == subscription && days.Contains(x.Day)).OrderBy(x => x.Day)
        .GroupBy(x => (x.Total.Meter, x.Total.Sku, x.Total.Region)).OrderBy(cell => cell.Key)
        .Select(cell => cell.Last().Total with
        {
            Quantity = contract.Meters[cell.Key.Meter].Aggregation switch
            {
                MeterAggregation.Max => cell.Max(x => x.Total.Quantity),
                MeterAggregation.Last => cell.Last().Total.Quantity,
                _ => Exact.Sum(cell.Select(x => x.Total.Quantity)),
            },
            Records = cell.Sum(x => x.Total.Records),
            NegativeRecords = cell.Sum(x => x.Total.NegativeRecords),
        });

    public static PeriodPrices Prices(Contract contract)
    {
        var last = contract.Period.End.AddDays(-1);
        return new PeriodPrices(contract.Period, contract.Plans, new Book(contract), contract.Meters, new TaxTable(contract.Taxes, last))
        {
            Rates = contract.Rates.ToDictionary(
                rate => (Currency.Parse(rate.Key), contract.Currency), rate => new Exchange(Currency.Parse(rate.Key), rate.Value, last)),
        };
    }

    private static GrantedReduction Granted(NaiveReduction x) => new(x.Id, x.IsCredit ? ReductionKind.Credit : ReductionKind.Coupon)
    {
        Percent = x.Percent is { } percent ? (Exact)percent : null,
        Amount = x.Amount is { } amount ? new Money(amount, Currency.Parse(x.Currency!)) : null,
        Quantity = x.Quantity is { } quantity ? (Exact)quantity : null,
        Meter = x.Meter,
        Sku = x.Sku,
        Subscription = x.Subscription is { } id ? new SubscriptionId(id) : null,
        Plans = x.Plans,
        Charges = x.Charges,
    };

    public static NaiveLine Text(BilledCharge charge)
    {
        var ((subscription, key, meter, sku, region, startsOn), line) = (charge.Due.Key, charge.Line);
        return new NaiveLine
        {
            Key = meter.Length > 0
                ? $"{subscription.Value} {key} {meter} {sku} {region} {startsOn:yyyy-MM-dd}".Replace("  ", " ", StringComparison.Ordinal)
                : $"{subscription.Value} {key}     {startsOn:yyyy-MM-dd}",
            Tax = line.TaxCategory!,
            Quantity = Number(line.Quantity),
            Unrounded = Number(line.Unrounded),
            Amount = Number(line.Amount),
            Cap = Number(line.CapReduction),
            Discount = Number(line.Discount),
            Credit = Number(line.Credit),
            Vat = Number(line.Tax),
            Subscription = subscription.Value,
            Plan = null!,
            Charge = key,
        };
    }

    public static Fraction Number(Exact exact) => new(exact.Numerator, exact.Denominator);

    public static Fraction Number(Money money) => money.Amount;

    private sealed class Book(Contract contract) : IPriceBook
    {
        public FoundPrice? Find(
            string sku, string meter, Currency currency, Currency other, string? region, OrganizationId tenant, Guid subscription) =>
            contract.Specific.GetValueOrDefault((other.Code, sku, meter)) is { } own && !contract.Specific.ContainsKey((currency.Code, sku, meter))
                ? new(new SkuPrice(List, sku, meter, sku, own), other)
            : (contract.Specific.GetValueOrDefault((currency.Code, sku, meter)) ?? contract.ListPrice(currency, sku, meter)) is { } price
                ? new(new SkuPrice(List, sku, meter, sku, price), currency)
            : contract.ListPrice(other, sku, meter) is { } otherwise ? new(new SkuPrice(List, sku, meter, sku, otherwise), other)
            : null;
    }
}

using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>
/// Bills a contract a second time, by the letter of what is written about money and without a line of the first biller: day by day, with fractions
/// and no eye on speed.
/// </summary>
internal sealed class NaiveBiller(Contract contract)
{
    private readonly List<NaiveLine> _lines = [];
    private readonly int _places = contract.Currency.MinorUnits;
    private readonly NaiveShares _shares = new(contract.Currency.MinorUnits);

    /// <summary>Why the contract cannot be billed; any of these.</summary>
    public HashSet<string> Refusals { get; } = [];

    /// <summary>The day whose rates of tax apply.</summary>
    public DateOnly TaxedOn { get; init; } = contract.Period.End.AddDays(-1);

    public NaiveTaxes Taxes => new(contract, TaxedOn);

    public IReadOnlyList<NaiveLine> Bill()
    {
        var commitments =
            new List<(BillableSubscription Subscription, PlanVersionRef Plan, List<NaiveLine> Lines, List<DateOnly> Days, Fraction Part)>();
        foreach (var subscription in contract.Subscriptions)
        {
            var plans = new List<PlanVersionRef>();
            foreach (var day in Days())
                if (SpanOn(subscription, day) is { } span && !plans.Contains(contract.Plans[span.PlanVersionId]))
                    plans.Add(contract.Plans[span.PlanVersionId]);
            var own = plans.ConvertAll(plan => PlanCharges(subscription, plan));
            // Usage is of the plan of its day: as long as that stays the same it is rated together.
            var stretch = new List<DateOnly>();
            foreach (var day in Days().Where(day => IsCounted(subscription, day)))
            {
                if (stretch.Count > 0 && PlanHeldOn(subscription, day) != PlanHeldOn(subscription, stretch[0]))
                {
                    Use(subscription, stretch, plans, own);
                    stretch = [];
                }

                stretch.Add(day);
            }

            Use(subscription, stretch, plans, own);
            var held = Days().Where(day => IsCounted(subscription, day) && subscription.Plans.Any(x => x.Days.Start <= day && day < x.Days.End))
                .Select(day => PlanHeldOn(subscription, day)).ToList();
            foreach (var (plan, lines) in plans.Zip(own))
            {
                List<DateOnly> days = [.. Days().Where(day => IsPaid(subscription, day) && PlanOn(subscription, day) == plan)];
                if (plan.Terms.Commitment is null || days.Count + lines.Count == 0)
                    continue;
                var part = plans.Count > 1 && held.Count > 0 ? (Fraction)held.Count(x => x == plan) / held.Count : 1;
                commitments.Add((subscription, plan, lines, days, part));
            }
        }

        // A minimum may add what is of no certain kind: where nothing is charged, or of several kinds.
        var open = commitments.Where(x => x.Plan.Terms.Commitment!.Minimum is not null && x.Days.Count > 0
            && x.Lines.Select(line => line.Tax).Distinct().Count() != 1);
        foreach (var used in _lines.Select(line => line.Tax).Concat(open.Select(_ => "S")))
            if (Taxes.Of(used) is null)
                Refusals.Add("tax_rate_missing");
        if (Refusals.Count > 0)
            return [];

        // What several plans of one subscription are bound by is a whole of whole cents, of which each has its part.
        foreach (var all in commitments.GroupBy(x => x.Subscription.Id).Select(own => own.ToList()))
        {
            var most = Parts(all.ConvertAll(
                x => x.Plan.Terms.Commitment!.Cap is { } cap ? cap * x.Part * Rate(x.Plan.Currency.Code) : (Fraction?)null));
            var least = Parts(all.ConvertAll(x => x.Plan.Terms.Commitment!.Minimum is { } minimum && x.Days.Count > 0
                ? Fraction.Sum(x.Days.Select(_ => minimum * Rate(x.Plan.Currency.Code) / DaysOfPeriod))
                : (Fraction?)null));
            for (var i = 0; i < all.Count; i++)
                Commit(all[i].Subscription, all[i].Plan, all[i].Lines, all[i].Days, least[i], most[i]);
        }

        Coupons();
        // A coupon in a currency without a rate had something to be taken off.
        if (Refusals.Count > 0)
            return [];
        Credits();
        Taxes.Apply(_lines);
        return [.. _lines.Where(line => line.Shown)];
    }

    private IEnumerable<DateOnly> Days() =>
        Enumerable.Range(0, contract.Period.End.DayNumber - contract.Period.Start.DayNumber).Select(contract.Period.Start.AddDays);

    private int DaysOfPeriod => contract.Period.End.DayNumber - contract.Period.Start.DayNumber;

    private static SubscriptionSpan? SpanOn(BillableSubscription subscription, DateOnly day) =>
        subscription.Spans.FirstOrDefault(span => span.Days.Start <= day && day < span.Days.End);

    private PlanVersionRef? PlanOn(BillableSubscription subscription, DateOnly day) =>
        SpanOn(subscription, day) is { } span ? contract.Plans[span.PlanVersionId] : null;

    private static bool IsPaid(BillableSubscription subscription, DateOnly day) =>
        day >= subscription.TrialEndsOn && SpanOn(subscription, day) is not null;

    private static bool IsCounted(BillableSubscription subscription, DateOnly day) =>
        subscription.TrialEndsOn <= subscription.StartedOn || day >= subscription.TrialEndsOn;

    // Suspended or not; before its first day it is the first plan's, after its last day the last one's.
    private PlanVersionRef PlanHeldOn(BillableSubscription subscription, DateOnly day) =>
        contract.Plans[(subscription.Plans.LastOrDefault(x => x.Days.Start <= day) ?? subscription.Plans[0]).PlanVersionId];

    private void Use(BillableSubscription subscription, List<DateOnly> days, List<PlanVersionRef> plans, List<List<NaiveLine>> lines)
    {
        if (days.Count == 0)
            return;
        var plan = PlanHeldOn(subscription, days[0]);
        if (!plans.Contains(plan))
        {
            plans.Add(plan);
            lines.Add([]);
        }

        lines[plans.IndexOf(plan)].AddRange(UsageCharges(subscription, plan, days));
    }

    // What one unit of another currency is in the tenant's; 1 of its own.
    private Fraction Rate(string from)
    {
        if (from == contract.Currency.Code)
            return 1;
        if (contract.Rates.TryGetValue(from, out var rate))
            return rate;
        Refusals.Add("exchange_rate_missing");
        return 0;
    }

    private List<NaiveLine> PlanCharges(BillableSubscription subscription, PlanVersionRef plan)
    {
        var lines = new List<NaiveLine>();
        var rate = plan.Charges.Count == 0 && !plan.UsesPriceLists && plan.Terms.Commitment is null ? 1 : Rate(plan.Currency.Code);
        foreach (var charge in plan.Charges.Where(charge => charge.Meter is null))
        {
            var counts = charge.Price.Model is PriceModel.Flat || charge.Price.Prorate != false;
            if (!counts)
            {
                // Once a month, however many days there are, for the most that was held on one of them.
                List<DateOnly> held = [.. Days().Where(day => IsPaid(subscription, day) && PlanOn(subscription, day) == plan)];
                if (held.Count == 0)
                    continue;
                Fraction most = charge.Feature is null ? 1 : held.Max(day => SpanOn(subscription, day)!.Quantities.GetValueOrDefault(charge.Feature));
                lines.Add(new NaiveLine
                {
                    Key = $"{subscription.Id.Value} {charge.Key}     {held[0]:yyyy-MM-dd}",
                    Tax = charge.Price.TaxCategory ?? "S",
                    Quantity = most,
                    Subscription = subscription.Id.Value,
                    Plan = plan,
                    Charge = charge.Key,
                });
                Add(lines[^1], NaivePrices.Of(charge.Price, most, 0) * rate);
                continue;
            }

            // A stretch of days on which the plan and the quantity are the same; the day that ends it belongs to the next one.
            NaiveLine? line = null;
            var (quantity, unfinished) = ((Fraction)0, (Fraction)0);
            void Finish()
            {
                if (line is not null)
                    Add(line, unfinished * rate);
                line = null;
            }

            foreach (var day in Days())
            {
                if (!IsPaid(subscription, day) || PlanOn(subscription, day) != plan)
                {
                    Finish();
                    continue;
                }

                Fraction today = charge.Feature is null ? 1 : SpanOn(subscription, day)!.Quantities.GetValueOrDefault(charge.Feature);
                if (line is not null && today != quantity)
                    Finish();
                if (line is null)
                {
                    (quantity, unfinished) = (today, 0);
                    line = new NaiveLine
                    {
                        Key = $"{subscription.Id.Value} {charge.Key}     {day:yyyy-MM-dd}",
                        Tax = charge.Price.TaxCategory ?? "S",
                        Quantity = today,
                        Subscription = subscription.Id.Value,
                        Plan = plan,
                        Charge = charge.Key,
                    };
                    lines.Add(line);
                }

                var price = NaivePrices.Of(charge.Price, today, 0);
                line.Days++;
                unfinished += price / DaysOfPeriod;
            }

            Finish();
        }

        return lines;
    }

    private List<NaiveLine> UsageCharges(BillableSubscription subscription, PlanVersionRef plan, List<DateOnly> days)
    {
        var lines = new List<NaiveLine>();
        var used = contract.Usage.Where(x => x.Total.SubscriptionId == subscription.Id && days.Contains(x.Day))
            .GroupBy(x => (x.Total.Meter, x.Total.Sku, x.Total.Region)).OrderBy(x => x.Key)
            .Select(x => (x.Key.Meter, x.Key.Sku, x.Key.Region, Quantity: Counted(x.Key.Meter, [.. x.OrderBy(y => y.Day).Select(y => y.Total)]),
                Records: x.Sum(y => y.Total.Records - y.Total.NegativeRecords)))
            .ToList();
        // Where nothing is paid for nothing is due but what was used; of that all records count, also those of a region that comes to nothing.
        var isPaid = days.Any(day => IsPaid(subscription, day));
        if (!isPaid && used.All(x => x.Quantity.Sign == 0))
            return lines;
        var isPriced = plan.Charges.Count > 0 || plan.UsesPriceLists || plan.Terms.Commitment is not null;
        var rate = isPriced ? Rate(plan.Currency.Code) : 1;
        void Charge(string charge, string meter, string sku, string region, Price price, Fraction quantity, long records, Fraction by)
        {
            if (!isPaid && quantity.Sign == 0)
                return;
            var line = new NaiveLine
            {
                Key = $"{subscription.Id.Value} {charge} {meter} {sku} {region} {days[0]:yyyy-MM-dd}".Replace("  ", " ", StringComparison.Ordinal),
                Tax = price.TaxCategory ?? "S",
                Quantity = quantity,
                Subscription = subscription.Id.Value,
                Plan = plan,
                Charge = charge,
                Meter = meter,
                Sku = sku,
            };
            lines.Add(line);
            Add(line, NaivePrices.Of(price, quantity, records) * by);
        }

        bool IsListed(string sku) => plan.UsesPriceLists && sku.Length > 0;
        foreach (var charge in plan.Charges.Where(charge => charge.Meter is not null))
        {
            var parts = used.Where(x => x.Meter == charge.Meter && !IsListed(x.Sku)).ToList();
            var quantity = parts.Count == 0 ? 0
                : contract.Meters[charge.Meter!].Aggregation is MeterAggregation.Max ? Largest(parts.Select(x => x.Quantity))
                : Fraction.Sum(parts.Select(x => x.Quantity));
            Charge(charge.Key, charge.Meter!, "", "", charge.Price, quantity, parts.Sum(part => part.Records), rate);
        }

        if (used.Exists(x => !IsListed(x.Sku) && x.Quantity.Sign != 0 && plan.Charges.All(charge => charge.Meter != x.Meter)))
            Refusals.Add("price_missing");
        foreach (var x in used.Where(x => IsListed(x.Sku) && (isPaid || x.Quantity.Sign != 0)))
        {
            // His own price goes before everyone's, whatever it is in; of two that are equally his that in his own currency.
            var found = new[] { contract.Specific, contract.Listed }
                .SelectMany(
                    _ => new[] { contract.Currency.Code, plan.Currency.Code },
                    (list, code) => (Code: code, Price: list.GetValueOrDefault((code, x.Sku, x.Meter))))
                .FirstOrDefault(y => y.Price is not null);
            if (found.Price is not null)
                Charge("", x.Meter, x.Sku, x.Region, found.Price, x.Quantity, x.Records, found.Code == contract.Currency.Code ? 1 : rate);
            else
                Refusals.Add("price_missing");
        }

        return lines;
    }

    // The days of one meter, in order.
    private Fraction Counted(string meter, List<UsageTotal> days)
    {
        var numbers = days.ConvertAll(day => Fraction.Read(day.Quantity.ToString()));
        return contract.Meters[meter].Aggregation switch
        {
            MeterAggregation.Max => Largest(numbers),
            MeterAggregation.Last => numbers[^1],
            _ => Fraction.Sum(numbers),
        };
    }

    private static Fraction Largest(IEnumerable<Fraction> numbers) => numbers.Aggregate((a, b) => a >= b ? a : b);

    private void Add(NaiveLine line, Fraction unrounded)
    {
        (line.Unrounded, line.Amount) = (unrounded, unrounded.Round(_places));
        line.Shown = line.Sku.Length > 0 && line.Charge == "" || line.Quantity.Sign != 0 || unrounded.Sign != 0;
        _lines.Add(line);
    }

    private List<Fraction?> Parts(List<Fraction?> exact)
    {
        var given = exact.OfType<Fraction>().ToArray();
        var rounded = new Queue<Fraction>(_shares.Apportioned(Fraction.Sum(given).Round(_places), given));
        return exact.ConvertAll(part => part is null ? (Fraction?)null : rounded.Dequeue());
    }

    // The cap is the same however many days there are, and shared by days where there are several plans; the minimum is for the days.
    private void Commit(
        BillableSubscription subscription, PlanVersionRef plan, List<NaiveLine> lines, List<DateOnly> days, Fraction? least, Fraction? most)
    {
        var sum = Fraction.Sum(lines.Select(line => line.Net));
        if (most is { } cap && sum > cap)
        {
            var shares = _shares.Shares(sum - cap, [.. lines.Select(line => line.Net)]);
            for (var i = 0; i < lines.Count; i++)
                lines[i].Cap = shares[i];
            sum = cap;
        }

        if (least is not { } minimum || minimum <= sum)
            return;
        var missing = minimum - sum;

        // The tax of what is added is as that of what was charged.
        var categories = lines.Select(line => line.Tax).Distinct().DefaultIfEmpty("S").ToList();
        if (categories.Count > 1 && categories.TrueForAll(
            category => Fraction.Sum(lines.Where(line => line.Tax == category).Select(line => line.Net)).Sign <= 0))
            categories = ["S"];
        var weights = categories.ConvertAll(category => Fraction.Sum(lines.Where(line => line.Tax == category).Select(line => line.Net)));
        var added = _shares.Shares(missing, [.. weights.Select(weight => weight.Sign < 0 ? 0 : weight)]);
        var first = days.Count > 0 ? days[0] : contract.Period.Start;
        foreach (var (category, share) in categories.Zip(added).Where(x => x.Second.Sign != 0))
            _lines.Add(new NaiveLine
            {
                Key = $"{subscription.Id.Value} ~minimum{(category == "S" ? "" : "." + category)}     {first:yyyy-MM-dd}",
                Tax = category,
                Quantity = 1,
                Unrounded = share,
                Amount = share,
                Subscription = subscription.Id.Value,
                Plan = plan,
                Charge = null,
            });
    }

    private void Coupons()
    {
        var left = _lines.ConvertAll(line => line.Net);
        Fraction all = 0;
        foreach (var coupon in contract.Reductions.Where(x => !x.IsCredit).OrderBy(x => x.Percent is null))
        {
            var on = Enumerable.Range(0, left.Count).Where(i => coupon.IsFor(_lines[i])).ToList();
            var sum = Fraction.Sum(on.Select(i => left[i]));
            if (sum.Sign <= 0)
                continue;
            Fraction taken = coupon.Percent is { } percent ? sum * percent / 100 : coupon.Amount!.Value * Rate(coupon.Currency!);
            if (taken > sum)
                taken = sum;
            all += taken;
            foreach (var i in on)
                left[i] -= taken * (left[i] / sum);
        }

        var discount = all.Round(_places);
        if (discount.Sign == 0)
            return;
        var parts = _lines.Select((line, i) => line.Net - left[i]).ToArray();
        var nets = _lines.ConvertAll(line => line.Net);
        var shares = _shares.Shares(discount, parts);
        // No line below zero: what rounding gave it too much goes to the line that is owed most and has room.
        var unit = (Fraction)1 / (decimal)Math.Pow(10, _places);
        var whole = Fraction.Sum(parts);
        for (var i = 0; i < shares.Length; i++)
            if (nets[i].Sign >= 0 && shares[i] > nets[i])
            {
                var other = Enumerable.Range(0, shares.Length).Where(j => parts[j].Sign > 0 && shares[j] + unit <= nets[j])
                    .OrderByDescending(j => discount * parts[j] / whole - shares[j]).First();
                (shares[i], shares[other]) = (shares[i] - unit, shares[other] + unit);
            }

        for (var i = 0; i < shares.Length; i++)
            _lines[i].Discount = shares[i];
    }

    private void Credits()
    {
        foreach (var credit in contract.Reductions.Where(x => x.IsCredit && x.Amount is not null && x.Currency == contract.Currency.Code))
        {
            var on = _lines.Where(credit.IsFor).ToList();
            var sum = Fraction.Sum(on.Select(line => line.Net));
            if (sum.Sign <= 0)
                continue;
            Fraction taken = credit.Amount!.Value;
            var shares = _shares.Shares(taken < sum ? taken : sum, [.. on.Select(line => line.Net)]);
            for (var i = 0; i < on.Count; i++)
                on[i].Credit += shares[i];
        }

        var units = _lines.ToDictionary(line => line, line => line.Quantity);
        foreach (var credit in contract.Reductions.Where(x => x.IsCredit && x.Quantity is not null))
        {
            Fraction left = credit.Quantity!.Value;
            foreach (var line in _lines.Where(line => credit.IsFor(line) && line.Net.Sign > 0 && units[line].Sign > 0))
            {
                var now = left < units[line] ? left : units[line];
                if (now.Sign == 0)
                    break;
                line.Credit += (line.Net * now / units[line]).Round(_places);
                (left, units[line]) = (left - now, units[line] - now);
            }
        }
    }
}

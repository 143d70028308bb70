using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Currency = Licensing.Kernel.Currency;
using Period = Licensing.Kernel.Period;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>A contract of chance; the same seed always makes the same one.</summary>
internal sealed class ContractGenerator(int seed)
{
    private static readonly string[] Currencies = ["EUR", "EUR", "USD", "JPY", "KWD", "CLF"];
    private static readonly MeterRef[] AllMeters =
    [
        .. new[] { MeterAggregation.Sum, MeterAggregation.Max, MeterAggregation.Last, MeterAggregation.Count }
            .Select((how, i) => new MeterRef(new MeterId(Of(9, i)), $"m{i}", "units", how)),
    ];

    private static readonly IReadOnlyDictionary<string, MeterRef> Meters = AllMeters.ToDictionary(meter => meter.Key);
    private static readonly string[] Skus = ["A", "B"];
    private readonly Random _chance = new(seed);

    // Numbers of their own, so that the contracts stay what they were before there were any.
    private readonly Random _ofOrganizations = new(seed ^ 0x7a8e5);

    public Contract Next()
    {
        var (currency, period) = (Currency.Parse(Pick(Currencies)), NextPeriod());
        var plans = Enumerable.Range(0, _chance.Next(1, 4)).Select(i => NextPlan(i, currency)).ToList();
        // As versions of one plan: what bounds one of them bounds all.
        if (Maybe(25))
            plans = plans.ConvertAll(plan => plan with { Currency = plans[0].Currency, Terms = plans[0].Terms });
        var subscriptions = Enumerable.Range(0, _chance.Next(1, 3)).Select(i => NextSubscription(i, plans, period)).ToList();
        return WithLate(new Contract(currency, "AT", period)
        {
            Plans = plans.ToDictionary(plan => plan.Id),
            Meters = Meters,
            Subscriptions = subscriptions,
            Usage = Once(subscriptions.SelectMany(subscription => NextUsage(subscription, plans, period))),
            Rates = Maybe(95) ? Currencies.Distinct().Where(code => code != currency.Code).ToDictionary(code => code, _ => Number(1, 30_000, 4))
                : new Dictionary<string, decimal>(),
            Listed = NextList(currency, plans, least: 80, most: 98),
            Specific = Maybe(70) ? new Dictionary<(string, string, string), Price>() : NextList(currency, plans, least: 20, most: 30),
            Taxes = NextTaxes(period),
            Reductions = NextReductions(currency, plans, subscriptions),
        }, plans);
    }

    // More, less, nothing any more, or something that was not there.
    private Contract WithLate(Contract contract, List<PlanVersionRef> plans)
    {
        var later = new List<DailyUsage>();
        foreach (var (day, total) in contract.Usage)
            if (!Maybe(15))
                later.Add(new(day, Maybe(50) ? total : total with
                {
                    Quantity = total.Quantity + Number(Maybe(50) ? 0 : -50_000, 50_000, 3),
                    Records = total.Records + _chance.Next(0, 5),
                }));
        foreach (var subscription in Maybe(30) ? contract.Subscriptions : [])
            later.AddRange(NextUsage(subscription, plans, contract.Period)
                .Select(x => x with { Total = x.Total with { Region = $"late-{x.Total.Region}" } }));
        return contract with
        {
            Later = Once(later),
            LaterTaxes = Maybe(50) ? contract.Taxes : NextTaxes(contract.Period),
        };
    }

    private static Guid Of(int kind, int number) => new($"0189{kind:x4}-0000-7000-8000-{number:x12}");

    private bool Maybe(int percent) => _chance.Next(100) < percent;

    private T Pick<T>(IReadOnlyList<T> all) => all[_chance.Next(all.Count)];

    private decimal Number(int least, int most, int places) => new decimal(_chance.Next(least, most)) / (decimal)Math.Pow(10, places);

    // Months and years from any day on; a day that a month does not have is its last one.
    private Period NextPeriod()
    {
        var (year, month, anchor) = (_chance.Next(2011, 2030), _chance.Next(1, 13), Maybe(50) ? 1 : _chance.Next(1, 32));
        DateOnly Day(int months)
        {
            var first = new DateOnly(year, month, 1).AddMonths(months);
            return first.AddDays(Math.Min(anchor, DateTime.DaysInMonth(first.Year, first.Month)) - 1);
        }

        return new Period(Day(0), Day(Maybe(2) ? 12 : 1));
    }

    private PlanVersionRef NextPlan(int number, Currency tenants) => new(
        new PlanVersionId(Of(1, number)), new PlanId(Of(2, number)), $"p{number}", 1, $"P{number}", "product",
        Maybe(85) ? tenants : Currency.Parse(Pick(Currencies)), [.. Enumerable.Range(0, _chance.Next(0, 5)).Select(NextCharge)], Maybe(40), 0,
        new PlanTermsRef
        {
            Commitment = Maybe(70) ? null : Maybe(40) ? new(Minimum: Number(0, 500_000, 2)) : Maybe(50) ? new(Cap: Number(0, 300_000, 2))
                : new(Number(0, 10_000, 2), Number(10_000, 300_000, 2)),
        });

    private PlanCharge NextCharge(int number)
    {
        var kind = _chance.Next(3);
        var price = kind == 0 ? new Price(PriceModel.Flat, Amount: Number(0, 2_000_000, 4)) : NextPrice(isUsage: kind == 2);
        if (kind == 1 && Maybe(30))
            price = price with { Prorate = Maybe(50) };
        return new PlanCharge(
            $"c{number}", $"C{number}", kind == 1 ? Pick(["seats", "lines"]) : null, kind == 2 ? Pick(AllMeters).Key : null,
            price with { TaxCategory = Maybe(75) ? null : Pick(["AA", "Z"]) });
    }

    private Price NextPrice(bool isUsage)
    {
        decimal? included = Maybe(30) ? Number(0, 5_000, 2) : null;
        return (PriceModel)_chance.Next(1, isUsage ? 7 : 5) switch
        {
            PriceModel.PerUnit => new(PriceModel.PerUnit, UnitPrice: Number(0, 300_000, 5), IncludedUnits: included),
            PriceModel.Package => new(
                PriceModel.Package, PackageSize: Number(500, 10_000, 2), PackagePrice: Number(0, 10_000, 3), FreeUnits: included),
            PriceModel.Percentage => new(
                PriceModel.Percentage, Percent: Number(0, 20_000, 3),
                FixedFee: included is null && Maybe(60) ? Number(0, 500, 3) : null, FreeUnits: included),
            PriceModel.Stairstep => new(PriceModel.Stairstep, Tiers: NextTiers(stairs: true), ChargeAtZero: Maybe(60), IncludedUnits: included),
            var model => new(model, Tiers: NextTiers(stairs: false), ChargeAtZero: Maybe(60), IncludedUnits: included),
        };
    }

    private List<PriceTier> NextTiers(bool stairs)
    {
        var (tiers, upTo) = (new List<PriceTier>(), 0m);
        for (var left = _chance.Next(0, 4); left >= 0; left--)
        {
            upTo += Number(1, 8_000, 2);
            tiers.Add(stairs
                ? new PriceTier(left == 0 ? null : upTo, 0, 0, Number(0, 100_000, 3))
                : new PriceTier(left == 0 ? null : upTo, Number(0, 100_000, 4), Maybe(50) ? 0 : Number(0, 10_000, 3)));
        }

        return tiers;
    }

    private BillableSubscription NextSubscription(int number, List<PlanVersionRef> plans, Period period)
    {
        var (spans, held) = (new List<SubscriptionSpan>(), new List<(DateOnly From, PlanVersionId Plan)>());
        var day = Maybe(70) ? period.Start : period.Start.AddDays(_chance.Next(period.Days));
        var started = Maybe(60) ? day.AddDays(-_chance.Next(0, 400)) : day;
        var plan = Pick(plans);
        for (var left = Maybe(60) ? 1 : _chance.Next(2, 8); left > 0 && day < period.End; left--)
        {
            var end = left == 1 && Maybe(80) ? period.End : Later(day, period);
            // What is agreed for a day of a pause is in force from that day on.
            var before = spans.Count == 0 ? day : spans[^1].Days.End;
            if (held.Count == 0 || held[^1].Plan != plan.Id)
                held.Add((Maybe(50) ? day : before.AddDays(_chance.Next(day.DayNumber - before.DayNumber + 1)), plan.Id));
            spans.Add(new SubscriptionSpan(
                new Period(day, end), plan.Id, new Dictionary<string, int> { ["seats"] = _chance.Next(0, 60), ["lines"] = _chance.Next(0, 300) }));
            plan = Maybe(50) ? plan : Pick(plans);
            // A day or more between two spans is a pause.
            day = Maybe(80) ? end : Later(end, period);
        }

        var trial = Maybe(80) ? started : started.AddDays(_chance.Next(0, 40));
        var last = Maybe(70) ? spans[^1].Days.End : period.End;
        return new BillableSubscription(
            new SubscriptionId(Of(3, number)), new OrganizationId(Of(4, 1)), "1.2.3.4.", started, trial, Maybe(3) ? [] : spans)
        {
            Plans = [.. held.Select((x, i) => new PlanDays(new Period(x.From, i + 1 < held.Count ? held[i + 1].From : last), x.Plan))],
        };
    }

    private DateOnly Later(DateOnly day, Period period) =>
        day < period.End ? day.AddDays(_chance.Next(1, period.End.DayNumber - day.DayNumber + 1)) : day;

    private static IReadOnlyList<DailyUsage> Once(IEnumerable<DailyUsage> usage) =>
        [.. usage.DistinctBy(x => (x.Day, x.Total.SubscriptionId, x.Total.Meter, x.Total.Sku, x.Total.Region))];

    // By the meters of the plan of the day; what comes after the last day is of the last plan.
    private IEnumerable<DailyUsage> NextUsage(BillableSubscription subscription, List<PlanVersionRef> plans, Period period)
    {
        foreach (var (days, id) in subscription.Plans)
        {
            var last = id == subscription.Plans[^1].PlanVersionId && Maybe(10) ? period.End : days.End;
            foreach (var total in NextUsage(subscription, plans.Find(plan => plan.Id == id)!))
                for (var left = _chance.Next(1, 3); left > 0; left--)
                    yield return new DailyUsage(
                        days.Start.AddDays(_chance.Next(last.DayNumber - days.Start.DayNumber)),
                        total with { Quantity = left == 1 ? total.Quantity : Number(0, 100_000, 3) });
        }
    }

    private IEnumerable<UsageTotal> NextUsage(BillableSubscription subscription, PlanVersionRef plan)
    {
        var priced = plan.Charges.Select(charge => charge.Meter).OfType<string>().Distinct().ToList();
        if (Maybe(1))
            priced.Add(Pick(AllMeters).Key);
        foreach (var meter in priced)
            for (var region = _chance.Next(0, 3); region > 0; region--)
                yield return Total(subscription, meter, plan.UsesPriceLists || Maybe(70) ? "" : Pick(Skus), $"r{region}");
        foreach (var sku in plan.UsesPriceLists && Maybe(60) ? Skus : [])
            yield return Total(subscription, Pick(AllMeters).Key, sku, Maybe(50) ? "" : "r");
    }

    private UsageTotal Total(BillableSubscription subscription, string meter, string sku, string region)
    {
        var negative = meter == "m0" && Maybe(10) ? -1 : 1;
        var quantity = Maybe(20) ? Number(0, 50, 0) : Number(0, 30_000_000, Maybe(50) ? 5 : 6) + (Maybe(10) ? 0.000000000000000001m : 0);
        var total = new UsageTotal(subscription.TenantId, subscription.Id, meter, sku, region, quantity * negative, _chance.Next(0, 40));
        return meter != "m0" || Maybe(70) ? total : total with { NegativeRecords = _chance.Next(0, (int)total.Records + 1) };
    }

    private Dictionary<(string, string, string), Price> NextList(Currency tenants, List<PlanVersionRef> plans, int least, int most)
    {
        var listed = new Dictionary<(string, string, string), Price>();
        foreach (var currency in plans.Select(plan => plan.Currency.Code).Append(tenants.Code).Distinct())
            foreach (var sku in Skus)
                foreach (var meter in Meters.Keys)
                    if (Maybe(currency == tenants.Code ? least : most))
                        listed[(currency, sku, meter)] = NextPrice(isUsage: true) with { TaxCategory = Maybe(90) ? null : "AA" };
        return listed;
    }

    private List<CountryTaxRate> NextTaxes(Period period)
    {
        CountryTaxRate Rate(string category, decimal percent, DateOnly from, string country = "AT") =>
            new() { Country = country, Category = category, Percent = percent, ValidFrom = from };
        var last = period.End.AddDays(-1);
        List<CountryTaxRate> rates =
        [
            Rate("S", Number(0, 3_000, 2), new(2000, 1, 1)), Rate("S", 99, new(2000, 1, 1), "DE"), Rate("AA", Number(0, 1_500, 2), new(2000, 1, 1)),
            Rate("Z", 0, new(2000, 1, 1)),
        ];
        // Another name for the same rate.
        if (Maybe(15))
            rates[2] = Rate("AA", rates[0].Percent, new(2000, 1, 1));
        if (Maybe(20))
            rates.Add(Rate("S", Number(0, 3_000, 2), Maybe(50) ? last : period.End));
        if (Maybe(1))
            rates.RemoveAll(rate => rate.Category == "AA");
        return [.. rates, .. NextOwnTaxes(period, rates[0].Percent)];
    }

    // Of organisations: who is above the tenant, himself, and others whose places look like theirs.
    private IEnumerable<CountryTaxRate> NextOwnTaxes(Period period, decimal known)
    {
        T Any<T>(params T[] all) => all[_ofOrganizations.Next(all.Length)];
        var last = period.End.AddDays(-1);
        var rates = new List<CountryTaxRate>();
        for (var left = Any(0, 0, 1, 2, 5); left > 0; left--)
        {
            var charged = Any(null, null, null, "S", "AE", "E", "L", "M", "AA");
            var from = Any(new DateOnly(2000, 1, 1), new(2001, 1, 1), period.Start, last, period.End);
            rates.Add(new CountryTaxRate
            {
                OwnerPath = Any("1.", "1.2.", "1.2.3.", "1.2.3.4.", "1.9.", "1.2.3.44.", "1.22."),
                Country = Any(null, null, "AT", "DE"),
                Category = Any("S", "S", "AA", "Z"),
                ChargedAs = charged,
                Percent = charged is "AE" or "E" ? 0 : Any(known, new decimal(_ofOrganizations.Next(3_000)) / 100),
                ValidFrom = from,
                ValidUntil = Any<DateOnly?>(null, null, new(2010, 1, 1), last, period.End) is { } end && end > from ? end : null,
            });
        }

        return rates.DistinctBy(rate => (rate.OwnerPath, rate.Country, rate.Category, rate.ValidFrom));
    }

    private List<NaiveReduction> NextReductions(Currency currency, List<PlanVersionRef> plans, List<BillableSubscription> subscriptions)
    {
        var reductions = new List<NaiveReduction>();
        var scoped = Maybe(50);
        NaiveReduction Scoped(NaiveReduction reduction) => !scoped ? reduction : reduction with
        {
            Subscription = Maybe(30) ? Pick(subscriptions).Id.Value : null,
            Plans = Maybe(30) ? [Pick(plans).PlanKey] : [],
            Charges = Maybe(30) ? ["c0", "c1"] : [],
        };
        for (var left = Maybe(50) ? 0 : _chance.Next(1, 4); left > 0; left--)
            reductions.Add(Scoped(Maybe(60)
                ? new(Of(5, left), false, Number(1, 10_001, 2), null, null, null)
                : new(Of(5, left), false, null, Number(1, 20_000, 2), Maybe(90) ? currency.Code : "USD", null)));
        for (var left = Maybe(70) ? 0 : _chance.Next(1, 3); left > 0; left--)
            reductions.Add(Scoped(new(
                Of(6, left), true, null, Number(1, 20_000, 0) / (decimal)Math.Pow(10, currency.MinorUnits),
                Maybe(95) ? currency.Code : "USD", null)));
        for (var left = Maybe(75) ? 0 : _chance.Next(1, 3); left > 0; left--)
            reductions.Add(Scoped(new(Of(7, left), true, null, null, null, Number(1, 900_000, 4))) with
            {
                Meter = Pick(AllMeters).Key,
                Sku = Maybe(70) ? null : Pick(Skus),
            });
        return reductions;
    }
}

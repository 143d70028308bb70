namespace Licensing.Billing.Rating;

/// <summary>A tier as it travels. <c>price</c> is for stairstep; <c>unitPrice</c> and <c>flatFee</c> (default 0) for the others.</summary>
internal sealed record TierSpec
{
    public Exact? UpTo { get; init; }
    public Exact? UnitPrice { get; init; }
    public Exact? FlatFee { get; init; }
    public Exact? Price { get; init; }
}

/// <summary>
/// A charge and its usage as they travel: <c>model</c> says which of the other fields are read. Only this type knows the names of
/// the models; the rules of each are in its <see cref="Charge"/>.
/// </summary>
internal sealed record ChargeSpec
{
    private const int MostTiers = 1_000;

    public string? Name { get; init; }
    public string? Model { get; init; }
    public string? TaxCategory { get; init; }
    public bool? Prorate { get; init; }
    public bool? ChargeAtZero { get; init; }
    public Exact? Quantity { get; init; }
    public Exact? IncludedUnits { get; init; }
    public Exact? Amount { get; init; }
    public Exact? UnitPrice { get; init; }
    public IReadOnlyList<TierSpec>? Tiers { get; init; }
    public Exact? Size { get; init; }
    public Exact? Price { get; init; }
    public Exact? FreeUnits { get; init; }
    public Exact? Percent { get; init; }
    public Exact? FixedFee { get; init; }
    public int? FreeEvents { get; init; }
    public Exact? Minimum { get; init; }
    public Exact? Maximum { get; init; }
    public IReadOnlyList<Exact>? Events { get; init; }

    /// <summary>The price alone, as a plan holds it. Refused with pointers relative to the charge, also for fields it does not read.</summary>
    public Result<Charge> ToCharge()
    {
        if (Tiers?.Count > MostTiers)
            return Refusal.AllFields([RatingRefusals.TooManyTiers(MostTiers)]);

        var missing = Unread().ToList();
        Charge? charge = Model switch
        {
            "flat" => new FlatCharge(Need(Amount, "/amount", missing)),
            // Seats are the ordinary case of perUnit; usage says prorate: false.
            "perUnit" => new PerUnitCharge(Need(UnitPrice, "/unitPrice", missing)) { IncludedUnits = IncludedUnits ?? 0, Prorate = Prorate ?? true },
            "graduated" => new GraduatedCharge(RatedTiers(missing)) { IncludedUnits = IncludedUnits ?? 0, ChargeAtZero = ChargeAtZero ?? true },
            "volume" => new VolumeCharge(RatedTiers(missing)) { IncludedUnits = IncludedUnits ?? 0, ChargeAtZero = ChargeAtZero ?? true },
            "stairstep" => new StairstepCharge(PricedTiers(missing)) { IncludedUnits = IncludedUnits ?? 0, ChargeAtZero = ChargeAtZero ?? true },
            "package" => new PackageCharge(Need(Size, "/size", missing), Need(Price, "/price", missing)) { FreeUnits = FreeUnits ?? 0 },
            "percentage" => new PercentageCharge(Need(Percent, "/percent", missing))
            {
                FixedFee = FixedFee ?? 0,
                FreeEvents = FreeEvents ?? 0,
                FreeUnits = FreeUnits ?? 0,
                Minimum = Minimum,
                Maximum = Maximum,
            },
            _ => null,
        };
        if (charge is null)
            return Refusal.AllFields([RatingRefusals.UnknownModel(Model)]);
        if (missing.Count > 0)
            return Refusal.AllFields(missing);
        if (charge is not (FlatCharge or PerUnitCharge))
            charge = charge with { Prorate = Prorate ?? false };

        var broken = charge.Validate();
        return broken.Count > 0 ? Refusal.AllFields(broken) : charge;
    }

    /// <summary>The price with the usage to rate. Refused with pointers relative to the charge.</summary>
    public Result<RatingItem> ToItem()
    {
        if (ToCharge().Refused(out var refusal, out var charge))
            return refusal;

        UsageAggregate usage;
        if (charge is PercentageCharge { FixedFee.Sign: not 0 } && Events is null)
            return Refusal.AllFields([RatingRefusals.EventsRequired()]);
        if (charge is PercentageCharge && Events is not null)
            usage = UsageAggregate.Of(Events);
        else if (charge is FlatCharge)
            usage = UsageAggregate.None;
        else if (charge is PercentageCharge && Quantity is null)
            return Refusal.AllFields([RatingRefusals.Required("/events")]);
        else if (Quantity is { } quantity)
            usage = new(quantity);
        else
            return Refusal.AllFields([RatingRefusals.Required("/quantity")]);

        var broken = charge.Validate(usage);
        return broken.Count > 0 ? Refusal.AllFields(broken) : new RatingItem(Name ?? "", charge, usage) { TaxCategory = TaxCategory };
    }

    // A number that no one reads is a number that someone believes in. Of a model that is none nothing is said.
    private IEnumerable<FieldError> Unread()
    {
        var tiered = Model is "graduated" or "volume" or "stairstep";
        (string Field, bool Given, bool Read)[] fields =
        [
            ("prorate", Prorate is not null, Model is not "flat" || Prorate is true), ("chargeAtZero", ChargeAtZero is not null, tiered),
            ("quantity", Quantity is not null, Model is not "flat" && Events is null), ("amount", Amount is not null, Model is "flat"),
            ("includedUnits", IncludedUnits is not null, tiered || Model is "perUnit"), ("unitPrice", UnitPrice is not null, Model is "perUnit"),
            ("tiers", Tiers is not null, tiered), ("size", Size is not null, Model is "package"), ("price", Price is not null, Model is "package"),
            ("freeUnits", FreeUnits is not null, Model is "package" or "percentage"), ("percent", Percent is not null, Model is "percentage"),
            ("fixedFee", FixedFee is not null, Model is "percentage"), ("freeEvents", FreeEvents is not null, Model is "percentage"),
            ("minimum", Minimum is not null, Model is "percentage"), ("maximum", Maximum is not null, Model is "percentage"),
            ("events", Events is not null, Model is "percentage"),
        ];
        foreach (var (field, _, _) in fields.Where(field => field is { Given: true, Read: false }))
            yield return RatingRefusals.NotOfModel($"/{field}", Model);
        for (var i = 0; tiered && i < (Tiers?.Count ?? 0); i++)
            if (Model is "stairstep" ? Tiers![i].UnitPrice is not null || Tiers[i].FlatFee is not null : Tiers![i].Price is not null)
                yield return RatingRefusals.NotOfModel($"/tiers/{i}", Model);
    }

    private Tier[] RatedTiers(List<FieldError> missing) =>
        [.. (Tiers ?? []).Select((tier, i) => new Tier(tier.UpTo, Need(tier.UnitPrice, $"/tiers/{i}/unitPrice", missing), tier.FlatFee ?? 0))];

    private Tier[] PricedTiers(List<FieldError> missing) =>
        [.. (Tiers ?? []).Select((tier, i) => new Tier(tier.UpTo, 0, Need(tier.Price, $"/tiers/{i}/price", missing)))];

    private static Exact Need(Exact? value, string pointer, List<FieldError> missing)
    {
        if (value is null)
            missing.Add(RatingRefusals.Required(pointer));
        return value.GetValueOrDefault();
    }
}

using System.Text.RegularExpressions;
using FluentValidation;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>What holds for what is said of an edition, at its creation and after every change.</summary>
internal sealed partial class EditionRules : AbstractValidator<EditionTerms>
{
    private const decimal MostPoints = 1_000_000m;
    private const int PointDigits = 4;
    private const int LongestMonths = 120;
    private const int LongestQuantity = 100;
    private const decimal MostPrice = 1_000_000_000m;

    // Stands for the second name of a language, such as de beside DE. No language is called so, which is why the names that hold it are refused.
    private const string GivenTwice = "given twice";

    public EditionRules()
    {
        RuleFor(x => x.LicenseVersion).GreaterThanOrEqualTo(0).OverridePropertyName("Version");
        RuleFor(x => x.DurationMonths).NotNull().InclusiveBetween(1, LongestMonths).When(x => !x.Demo);
        RuleFor(x => x.DurationMonths).Null().When(x => x.Demo).WithErrorCode("not_for_demo")
            .WithMessage("durationMonths is not of a demo edition; demos last 30 days.");
        RuleFor(x => x.Quantity).NotEmpty().MaximumLength(LongestQuantity);
        RuleFor(x => x.Users).GreaterThan(0).When(x => x.Users is not null);
        RuleFor(x => x.Points).Must(p => p is >= 0 and <= MostPoints && Math.Round(p, PointDigits) == p).WithErrorCode("not_points")
            .WithMessage($"points must be 0 to {MostPoints} with at most {PointDigits} digits after the point.");
        RuleFor(x => x.Points).Equal(0).When(x => x.Demo).WithErrorCode("not_for_demo")
            .WithMessage("points are not of a demo edition, which costs nothing.");
        RuleFor(x => x.Prices).Empty().When(x => x.Demo).WithErrorCode("not_for_demo")
            .WithMessage("prices are not of a demo edition, which costs nothing.");
        RuleFor(x => x.Prices).Must(p => p.Select(x => x.Currency).Distinct().Count() == p.Count).WithErrorCode("currency_twice")
            .WithMessage("prices has one price per currency.");
        RuleForEach(x => x.Prices).Must(p => p.Amount is >= 0 and <= MostPrice && p.Round() == p).WithErrorCode("not_a_price")
            .WithMessage($"A price must be 0 to {MostPrice} with no more digits than the currency's minor unit.");
        RuleFor(x => x.Names).Must(n => n.ContainsKey("EN")).WithErrorCode("english_missing")
            .WithMessage("names needs EN, which stands in for every other language.");
        RuleFor(x => x.Names)
            .Must(n => n.All(x => Language().IsMatch(x.Key) && !string.IsNullOrWhiteSpace(x.Value) && x.Value.Length <= Keys.LongestName))
            .WithErrorCode("not_a_name")
            .WithMessage($"names are 1 to {Keys.LongestName} characters by language, two letters such as EN, each once.");
    }

    public static Refusal? Broken(EditionTerms terms) =>
        new EditionRules().Validate(terms) is { IsValid: false } outcome ? Refusal.AllFields(FieldErrors.Of(outcome)) : null;

    /// <summary>Languages in capitals, however they were written. Where one is there twice, the rule of names refuses what comes out.</summary>
    public static IReadOnlyDictionary<string, string> InCapitals(IReadOnlyDictionary<string, string> names)
    {
        var capitals = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (language, name) in names)
            if (!capitals.TryAdd(language.ToUpperInvariant(), name))
                capitals[GivenTwice] = name;
        return capitals;
    }

    [GeneratedRegex(@"^[A-Z]{2}\z")]
    private static partial Regex Language();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,49}\z")]
    public static partial Regex Code();
}

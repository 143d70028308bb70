using System.Text.RegularExpressions;
using FluentValidation;

namespace Licensing.Catalog;

/// <summary>The forms of the stable keys by which other systems call things of the catalogue.</summary>
internal static partial class Keys
{
    public const int LongestName = 200;
    private const int LongestFeatureKey = 63;

    public static readonly string FeatureKeyRule = $"camelCase, at most {LongestFeatureKey} characters, nested with dots";

    /// <summary>Meters, products, plans and price lists.</summary>
    public static bool IsKey(string? text) => text is not null && KeyForm().IsMatch(text);

    /// <summary>Charges, which may have capitals.</summary>
    public static bool IsChargeKey(string? text) => text is not null && ChargeForm().IsMatch(text);

    /// <summary>Features and entitlements: camelCase, nested with dots.</summary>
    public static bool IsFeatureKey(string? text) => text is { Length: <= LongestFeatureKey } && FeatureForm().IsMatch(text);

    public static IRuleBuilderOptions<T, string> IsKey<T>(this IRuleBuilder<T, string> rule) => rule
        .Must(key => IsKey(key)).WithErrorCode("invalid_key")
        .WithMessage("{PropertyName} must be 1 to 63 characters of a-z, 0-9, '.', '_' and '-', and begin with a letter or digit.");

    public static IRuleBuilderOptions<T, string> IsName<T>(this IRuleBuilder<T, string> rule) => rule.NotEmpty().MaximumLength(LongestName);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9._-]{0,62}\z")]
    private static partial Regex KeyForm();

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    private static partial Regex ChargeForm();

    [GeneratedRegex(@"^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)*\z")]
    private static partial Regex FeatureForm();
}

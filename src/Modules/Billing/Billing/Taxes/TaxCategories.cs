using System.Text.RegularExpressions;

namespace Licensing.Billing.Taxes;

/// <summary>What EN 16931 says of tax categories (code list UNTDID 5305) and of why nothing is taxed (code list VATEX).</summary>
internal static partial class TaxCategories
{
    // Each says by itself why there is no tax, so nobody gives these for category E.
    private static readonly string[] CodesOfOtherCategories = ["VATEX-EU-AE", "VATEX-EU-G", "VATEX-EU-IC", "VATEX-EU-O"];

    /// <summary>Those whose percent is 0.</summary>
    public static IReadOnlyList<string> Untaxed { get; } = ["AE", "E", "G", "K", "O", "Z"];

    /// <summary>Those of them that have to say why.</summary>
    public static IReadOnlyList<string> Exempt { get; } = ["AE", "E", "G", "K", "O"];

    /// <summary>Whether category <c>E</c> may give this as its reason.</summary>
    public static bool IsExemptionCode(string code) => CodeForm().IsMatch(code) && !CodesOfOtherCategories.Contains(code);

    [GeneratedRegex(@"^VATEX-[A-Z]{2}-[A-Z0-9-]{1,20}\z")]
    private static partial Regex CodeForm();
}

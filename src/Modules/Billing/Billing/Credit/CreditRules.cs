using Licensing.Billing.Ledger;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>What an amount of credit may be that comes in, goes out or goes elsewhere.</summary>
internal static class CreditRules
{
    public const int LongestReference = 200;
    public const int LongestDescription = 500;

    public static readonly string AmountRule =
        $"amount must be above 0, at most {CreditUnits.Most}, and have no more digits than the currency's minor unit.";

    public static readonly string PointsRule =
        $"points must be above 0, at most {CreditUnits.Most}, and have at most {CreditAmount.PointDigits} digits after the point.";

    public static readonly string CreditsRule = $"credits must be a whole number above 0, at most {CreditUnits.Most}.";

    public const string OneRule = "amount must be given, or points or credits, and only one of them.";

    public static readonly string UnitRule = $"unit must be a currency, {CreditAmount.Points} or {CreditUnits.Credits}.";

    /// <summary>Also none at all.</summary>
    public static bool IsAmount(Money? money) =>
        money is not { } amount || (amount.Amount is > 0 and <= CreditUnits.Most && amount.Round() == amount);

    /// <summary>Also none at all.</summary>
    public static bool IsPoints(decimal? given) => given is not { } points || CreditUnits.IsAmountOf(CreditAmount.Points, points);

    /// <summary>Also none at all.</summary>
    public static bool IsCredits(long? given) => given is not { } credits || CreditUnits.IsAmountOf(CreditUnits.Credits, credits);

    /// <summary>As the ledger counts them, one per unit.</summary>
    public static IReadOnlyList<CreditAmount> Of(Money? money, decimal? points, long? credits)
    {
        var amounts = new List<CreditAmount>();
        if (money is { } amount)
            amounts.Add(new(amount.Currency.Code, amount.Amount));
        if (points is { } of)
            amounts.Add(new(CreditAmount.Points, of));
        if (credits is { } whole)
            amounts.Add(new(CreditUnits.Credits, whole));
        return amounts;
    }
}

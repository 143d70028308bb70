using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>What an amount of credit may be that comes in or goes out.</summary>
internal static class CreditRules
{
    // Far above what is prepaid, far below what a sum could overflow by.
    private const decimal Most = 1_000_000_000_000m;

    public static readonly string AmountRule = $"amount must be above 0, at most {Most}, and have no more digits than the currency's minor unit.";

    public static readonly string PointsRule =
        $"points must be above 0, at most {Most}, and have at most {CreditAmount.PointDigits} digits after the point.";

    /// <summary>Also none at all.</summary>
    public static bool IsAmount(Money? money) => money is not { } amount || (amount.Amount is > 0 and <= Most && amount.Round() == amount);

    /// <summary>Also none at all.</summary>
    public static bool IsPoints(decimal? given) =>
        given is not { } points || (points is > 0 and <= Most && Math.Round(points, CreditAmount.PointDigits) == points);
}

using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Ledger;

/// <summary>What credit is counted in: currencies, points and credits.</summary>
internal static class CreditUnits
{
    /// <summary>Whole numbers, with an end. They pay for nothing that the platform sells, so whoever sells to somebody may give him some.</summary>
    public const string Credits = "credits";

    /// <summary>Far above what is prepaid, far below what a sum could overflow by.</summary>
    public const decimal Most = 1_000_000_000_000m;

    public static bool IsUnit(string unit) => unit is Credits or CreditAmount.Points || Currency.TryParse(unit, out _);

    /// <summary>How many digits after the point an amount of it has at most.</summary>
    public static int DigitsOf(string unit) => unit switch
    {
        Credits => 0,
        CreditAmount.Points => CreditAmount.PointDigits,
        _ => Currency.Parse(unit).MinorUnits,
    };

    public static bool IsAmountOf(string unit, decimal amount) =>
        amount is > 0 and <= Most && Math.Round(amount, DigitsOf(unit)) == amount;
}

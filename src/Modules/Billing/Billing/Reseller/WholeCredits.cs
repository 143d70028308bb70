using System.Globalization;

namespace Licensing.Billing.Reseller;

/// <summary>Credits that end at once.</summary>
/// <param name="LotId">Of the lot.</param>
/// <param name="Credits">How many are left of it, or came.</param>
/// <param name="ExpiryDate">From this instant on nothing of it can be spent; absent of what was given back after its end, which has none.</param>
internal sealed record AccountLot(string LotId, long Credits, DateTimeOffset? ExpiryDate);

/// <summary>Credits as this door shows them: they are whole, which amounts of other units are not.</summary>
internal static class WholeCredits
{
    public static long Of(string amount) => long.Parse(amount, CultureInfo.InvariantCulture);

    /// <summary>Fails rather than leave out a part.</summary>
    public static long Of(decimal amount) => decimal.IsInteger(amount)
        ? (long)amount
        : throw new InvalidOperationException($"{amount} credits are not whole.");
}

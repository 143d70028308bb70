using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;

namespace Licensing.Commissions.Statements;

/// <summary>Whether something is paid out, and from when on.</summary>
/// <param name="DueOn">Null: nothing is, and all of it is carried on.</param>
internal sealed record PayoutTerms(DateOnly? DueOn);

/// <summary>What an organisation's last statement did not pay out.</summary>
/// <param name="Amount">Below zero what it owes.</param>
/// <param name="PeriodEnd">Of the newest month of which something is in it.</param>
internal sealed record Carried(decimal Amount, DateOnly PeriodEnd)
{
    public static Carried Nothing { get; } = new(0m, DateOnly.MinValue);
}

/// <summary>What one organisation's statement of a month says.</summary>
/// <param name="Own">What it earns in the month itself; null where it earns nothing.</param>
/// <param name="Adjustments">What has changed in closed months.</param>
/// <param name="Carried">What its last statement did not pay out; below zero what it owes.</param>
internal sealed record DueStatement(
    OrganizationRef Organization, AppliedScheme Scheme, EarnedCommission? Own, IReadOnlyList<CommissionAdjustment> Adjustments, Carried Carried)
{
    public decimal CarriedIn => Carried.Amount;

    public PayoutTerms Payout { get; init; } = new((DateOnly?)null);

    public decimal Commission => Own?.Commission.Amount ?? 0m;

    public decimal Adjusted => Adjustments.Sum(x => x.Commission);

    public decimal Payable => Commission + Adjusted + CarriedIn;

    /// <summary>All of it is paid out after the holding days, or all of it is carried on.</summary>
    /// <returns>Null where the minimum is in another currency and there is no rate.</returns>
    public PayoutTerms? Of(Period month, ExchangeRatesUsed rates)
    {
        if (Payable <= 0m)
            return new((DateOnly?)null);
        // To who is closed nothing may ever come that would make it enough.
        if (!Organization.Closed && Scheme.MinimumPayout is { } minimum)
        {
            if (rates.Find(minimum.Currency, Organization.Currency, month) is not { } rate)
                return null;
            if (Payable < minimum.Amount * rate)
                return new((DateOnly?)null);
        }

        // Held as long as the newest of what is in it: months are closed in any order.
        var newest = Adjustments.Select(x => x.Month.End).Append(month.End).Append(Carried.PeriodEnd).Max();
        return new(newest.AddDays(Scheme.HoldingDays));
    }
}

namespace Licensing.Billing.Rating;

/// <summary>
/// A change inside a period that was billed in advance: the unused days of the old charges are given back and the new ones are
/// charged for the same days. The day of change belongs to the new state. A change and its reverse on one day come to zero.
/// </summary>
internal static class PlanChange
{
    /// <summary>
    /// The items to rate for the change; a cancellation has none <paramref name="after"/>. Of those <paramref name="before"/>, charges
    /// that do not count days have no unused days and stay as billed.
    /// </summary>
    /// <exception cref="ArgumentException"><paramref name="on"/> is not a day of <paramref name="period"/>.</exception>
    public static IReadOnlyList<RatingItem> Items(Period period, DateOnly on, IReadOnlyList<RatingItem> before, IReadOnlyList<RatingItem> after)
    {
        if (!period.Contains(on))
            throw new ArgumentException($"{on:yyyy-MM-dd} is not in {period}.", nameof(on));

        var left = new Period(on, period.End);
        return
        [
            .. before.Where(item => item.Charge.Prorate && (item.Active ?? period).Intersect(left) is not null)
                .Select(item => item with { Active = (item.Active ?? period).Intersect(left), IsCredit = !item.IsCredit }),
            .. after.Where(item => (item.Active ?? period).Intersect(left) is not null)
                .Select(item => item with { Active = (item.Active ?? period).Intersect(left) }),
        ];
    }
}

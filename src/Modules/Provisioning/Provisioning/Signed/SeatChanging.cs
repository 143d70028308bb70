using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.Signed;

/// <summary>Sets the seats of a customer who has some, and tells what became different, in the order of the product's features.</summary>
internal sealed class SeatChanging(ProvisioningDb db, ICatalog catalog, Principal principal, BillingCalendar calendar)
{
    /// <param name="subscription">Held, and live at <paramref name="now"/> or to come.</param>
    /// <param name="quantities">Feature → quantity; absent ones stay.</param>
    /// <param name="rules">Of the product.</param>
    /// <param name="now">The instant at which it was found: at a midnight in between another one is.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Result<IReadOnlyList<FieldChange>>> ChangeAsync(
        Subscription subscription, IReadOnlyDictionary<string, int> quantities, ProductRules rules, DateTimeOffset now, CancellationToken ct)
    {
        var today = calendar.DayOf(now);
        var all = await catalog.RulesOfAsync(subscription.ProductsFrom(today), ct);
        if (subscription.SetQuantities(quantities, null, all, today, "").Refused(out var refusal, out var set))
            return refusal;

        db.Announce(subscription, set, principal, now);
        return Changes(rules, set.Before, set.After);
    }

    public static List<FieldChange> Changes(
        ProductRules rules, IReadOnlyDictionary<string, int> before, IReadOnlyDictionary<string, int> after) =>
    [
        .. from feature in rules.Features
           let old = before.GetValueOrDefault(feature.Key)
           let now = after.GetValueOrDefault(feature.Key)
           where old != now
           select new FieldChange(feature.Key, old, now),
    ];
}

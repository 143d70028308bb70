using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>How every door that changes quantities tells of it.</summary>
internal static class AnnouncedQuantities
{
    /// <summary>Tells of a change and notes it, where there is one.</summary>
    public static void Announce(this ProvisioningDb db, Subscription subscription, QuantitiesSet set, Principal by, DateTimeOffset now)
    {
        if (set.Changed is not { } changed)
            return;
        db.Add(HistoryEntry.Of(subscription, HistoryEvent.QuantitiesChanged, set.On, by.Access.Name, now, set.After));
        db.Publish(changed);
    }
}

using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>The message that tells the end of a term on its day, published wherever a term begins.</summary>
internal static class ExpectedTermEnds
{
    /// <summary>Has the end told, on its day, of the term that a day lies in; without a term, of the subscription where that is fixed.</summary>
    public static void ExpectTermEnd(this ProvisioningDb db, Subscription subscription, DateOnly day, BillingCalendar calendar)
    {
        var end = subscription.TermOn(day)?.EndsOn;
        if (subscription.ExpiresOn is { } expires && (end is null || expires < end))
            end = expires;
        if (end is { } on)
            db.Publish(new TermDue(subscription.Id, on), calendar.StartOf(on));
    }
}

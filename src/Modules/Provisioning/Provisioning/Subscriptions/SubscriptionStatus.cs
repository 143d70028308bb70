namespace Licensing.Provisioning.Subscriptions;

internal enum SubscriptionStatus { Pending, Active, Suspended, Cancelled, Expired }

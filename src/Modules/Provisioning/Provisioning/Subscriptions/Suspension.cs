namespace Licensing.Provisioning.Subscriptions;

/// <summary>Days without access, half-open; no end while it lasts. A subscription's suspensions neither overlap nor touch.</summary>
internal sealed record Suspension(DateOnly From, DateOnly? Until, string Reason);

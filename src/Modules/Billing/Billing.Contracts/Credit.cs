using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;

namespace Licensing.Billing.Contracts;

/// <summary>
/// What an organisation can spend has fallen below what its threshold says. Told once; again only when it was at the threshold or above in between.
/// </summary>
/// <param name="OrganizationId">Whose credit.</param>
/// <param name="Unit">An ISO 4217 code, <c>points</c> or <c>credits</c>.</param>
/// <param name="Threshold">Below which it has fallen, in whole units.</param>
/// <param name="Balance">What could be spent then.</param>
/// <param name="At">When it was seen; a lot's end is seen when its rest is written off, or when anything is done with the credit before.</param>
[Message("billing.credit-low.v1")]
public sealed record CreditLow(OrganizationId OrganizationId, string Unit, decimal Threshold, decimal Balance, DateTimeOffset At);

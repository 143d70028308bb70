using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Numbers;

internal static class NumberRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "number_not_found", $"There is no number {id}.");

    public static Refusal NotHeld(string number) => new(RefusalKind.NotFound, "number_not_found", $"This tenant does not hold a number {number}.");

    // One answer for a number that nobody has loaded, that is another branch's, held, in quarantine or withdrawn: which of these, is not the caller's
    // to know.
    public static Refusal NotAvailable(string number) => new(RefusalKind.Conflict, "number_not_available", $"The number {number} cannot be had.");

    // Not kept for its Idempotency-Key: a pool is filled again.
    public static Refusal Exhausted(int asked, int there) =>
        new(RefusalKind.Conflict, "numbers_exhausted",
            $"{asked} such numbers are asked for and {there} can be had; none was allocated.")
        { Transient = true };

    public static Refusal NotAllocated { get; } = new(RefusalKind.Conflict, "number_not_allocated", "Nobody holds this number.");

    public static Refusal Allocated { get; } = new(RefusalKind.Conflict, "number_allocated", "A tenant holds this number; release it first.");

    public static Refusal Withdrawn { get; } = new(RefusalKind.Conflict, "number_withdrawn", "The number has been withdrawn already.");

    public static Refusal Loaded { get; } = new(RefusalKind.Conflict, "number_loaded", "One of the numbers is in a pool already.");

    public static Refusal HeldAtOnce { get; } = new(
        RefusalKind.Conflict, "number_not_available", "Someone else was given one of these numbers at the same moment.");

    public static Refusal PoolNotFound(OrganizationId id) =>
        new(RefusalKind.NotFound, "organization_not_found", $"There is no organization {id.Value}.");

    public static Refusal PoolOfTenant { get; } =
        Refusal.Field("/organizationId", "not_a_channel_organization",
            "organizationId must be the platform, a distributor or a partner; a tenant is allocated numbers.");

    public static Refusal PoolNotActive { get; } =
        new(RefusalKind.Conflict, "organization_not_active", "The organization, or one above it, is suspended or closed.");

    public static Refusal BadDigits(string parameter) => QueryWord.Unreadable(parameter, $"{parameter} must be {NumberRules.DigitsRule}.");

    public static Refusal BadCountry { get; } = QueryWord.Unreadable("country", NumberRules.CountryRule);
}

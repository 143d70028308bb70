namespace Licensing.Usage.Corrections;

internal static class CorrectionRefusals
{
    // One answer for what does not exist and what lies outside the caller's scope, so that neither can be probed.
    public static Refusal RecordNotFound { get; } = new(RefusalKind.NotFound, "usage_record_not_found", "There is no such usage record.");

    public static Refusal NotFound { get; } = new(RefusalKind.NotFound, "correction_not_found", "There is no such correction.");

    public static Refusal Ambiguous { get; } =
        Refusal.Field("/tenantId", "record_ambiguous", "Several tenants have a record of this id; name the tenant.");

    public static Refusal Corrected { get; } =
        new(RefusalKind.Conflict, "record_corrected", "The record is corrected already; what replaced it can be corrected in its turn.");

    public static Refusal TooOld(int keptMonths) => new(
        RefusalKind.Conflict, "record_too_old", $"The record is older than {keptMonths} months; what its day adds up to does not change any more.");
}

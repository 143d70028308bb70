namespace Licensing.Provisioning.Quotas;

internal static class QuotaRefusals
{
    public static Refusal Decided { get; } =
        new(RefusalKind.Conflict, "quota_request_decided", "The request has been approved or refused already.");

    public static Refusal Pending { get; } =
        new(RefusalKind.Conflict, "quota_request_pending", "Another request for this meter of the subscription is not decided yet.");

    public static Refusal UnknownMeter(string meter) => Refusal.AllFields([UnknownMeter("/meter", meter)]);

    public static FieldError UnknownMeter(string pointer, string meter) => new(pointer, "unknown_meter", $"There is no meter {meter}.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "quota_request_not_found", $"There is no quota request {id}.");
}

namespace Licensing.Usage.Records;

/// <summary>Why one record of a batch is not taken. The codes are part of the API.</summary>
/// <param name="Code">Stable.</param>
/// <param name="Field">The property at fault; empty where it is the record as a whole.</param>
/// <param name="Message">A sentence that names the field and the rule.</param>
internal sealed record RecordRefusal(string Code, string Field, string Message);

internal static class RecordRefusals
{
    public static RecordRefusal NotAnObject { get; } = new("invalid_record", "", "A record is a JSON object.");

    public static RecordRefusal NotAnEvent { get; } = new(
        "invalid_record", "", "An event has specversion 1.0, id, source without spaces and a record in JSON as its data.");

    public static RecordRefusal IdInData { get; } = new("unknown_property", "id", "The data has no id: an event's source and id are the record's.");

    public static RecordRefusal TooManyCells { get; } = new("invalid_record", "", "The row has more cells than the header.");

    public static RecordRefusal UnknownProperty(string name) => new("unknown_property", name, $"Unknown property {name}.");

    public static RecordRefusal DuplicateProperty(string name) => new("duplicate_property", name, $"{name} is given twice.");

    public static RecordRefusal WrongType(string field) => new("wrong_type", field, $"{field} must be a string.");

    public static RecordRefusal Required(string field) => new("required", field, $"{field} is required.");

    public static RecordRefusal Empty(string field) => new("empty", field, $"{field} must not be empty.");

    public static RecordRefusal TooLong(string field, int most) => new("too_long", field, $"{field} has at most {most} characters.");

    public static RecordRefusal ControlCharacter(string field) => new("control_character", field, $"{field} must not contain control characters.");

    public static RecordRefusal InvalidSubscriptionId { get; } = new("invalid_subscription_id", "subscriptionId", "subscriptionId must be a UUID.");

    public static RecordRefusal TargetMissing { get; } =
        new("target_missing", "subscriptionId", "Name the subscription by subscriptionId, or by tenantExternalId and sku.");

    public static RecordRefusal TwoTargets { get; } =
        new("two_targets", "tenantExternalId", "Give subscriptionId or tenantExternalId, not both.");

    public static RecordRefusal SkuMissing { get; } = new("required", "sku", "sku is required with tenantExternalId.");

    public static RecordRefusal InvalidQuantity { get; } = new(
        "invalid_quantity", "quantity",
        "quantity must be a decimal of up to 20 digits before and 18 after the point, as a string or a number without exponent.");

    public static RecordRefusal InvalidTime(string field) =>
        new("invalid_time", field, $"{field} must be an RFC 3339 time such as 2026-01-31T12:00:00Z.");

    public static RecordRefusal InvalidDimensions(string rule) => new("invalid_dimensions", "dimensions", $"dimensions {rule}.");

    public static RecordRefusal EndBeforeStart { get; } = new("end_before_start", "end", "end must not be before start.");

    public static RecordRefusal InFuture { get; } = new("start_in_future", "start", "start must not be more than 24 hours in the future.");

    public static RecordRefusal TooOld(int keptMonths) => new("start_too_old", "start", $"start must not be more than {keptMonths} months ago.");

    public static RecordRefusal MeterNotFound { get; } = new("meter_not_found", "meter", "There is no such meter.");

    public static RecordRefusal NegativeQuantity { get; } =
        new("negative_quantity", "quantity", "quantity must not be negative: only meters that add up take corrections.");

    public static RecordRefusal ResourceMissing { get; } =
        new("required", "resourceId", "resourceId is required: the meter counts distinct resources.");

    public static RecordRefusal UndeclaredDimension(IReadOnlyList<string> declared) =>
        new("undeclared_dimension", "dimensions", $"dimensions may have only the keys that the meter declares: {string.Join(", ", declared)}.");

    // One answer for what does not exist and what lies outside the caller's scope, so that neither can be probed.
    public static RecordRefusal SubscriptionNotFound(string field) =>
        new("subscription_not_found", field, "There is no such subscription.");

    public static RecordRefusal SubscriptionNotLive { get; } = new(
        "subscription_not_live", "start", "start must lie between the first and the last day of the subscription.");

    public static RecordRefusal SubscriptionAmbiguous { get; } = new(
        "subscription_ambiguous", "tenantExternalId",
        "Several subscriptions match tenantExternalId and sku on that day; name one by subscriptionId.");

    public static RecordRefusal IdConflict { get; } =
        new("usage_id_conflict", "id", "A record with this id and other content was taken before; the first one stays.");
}

internal static class BatchRefusals
{
    public static Refusal TooLarge { get; } = new(RefusalKind.TooLarge, "body_too_large", "A usage batch has at most 16 MiB.");

    public static Refusal TooManyRecords { get; } =
        new(RefusalKind.TooLarge, "too_many_records", $"A usage batch has at most {IngestUsage.MostRecords} records.");

    public static Refusal UnknownForm { get; } = new(
        RefusalKind.UnsupportedMediaType, "unsupported_media_type", $"The body must be one of {string.Join(", ", RecordSources.MediaTypes)}.");

    public static Refusal InvalidCsv(string rule) =>
        new(RefusalKind.Malformed, "invalid_csv", $"The body is not the CSV of a usage batch: {rule}.");

    public static Refusal Busy { get; } =
        new(RefusalKind.Unavailable, "ingest_busy", "More usage is waiting to be stored than there is room for; send it again in a moment.")
        { RetryAfter = TimeSpan.FromSeconds(1), Transient = true };

    public static Refusal ShareTaken { get; } = new(
        RefusalKind.TooMany, "ingest_share_taken",
        "More of your usage is waiting to be stored than one sender has room for; send it again in a moment.")
    { RetryAfter = TimeSpan.FromSeconds(1), Transient = true };

    /// <summary>A timeout means unknown, never failed.</summary>
    public static Refusal OutcomeUnknown { get; } = new(
        RefusalKind.Unavailable, "ingest_outcome_unknown",
        "The database did not say whether the records are stored; send them again with the same ids, they count once.")
    { RetryAfter = TimeSpan.FromSeconds(2), Transient = true };
}

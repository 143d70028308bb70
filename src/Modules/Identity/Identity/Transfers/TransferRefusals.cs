namespace Licensing.Identity.Transfers;

internal static class TransferRefusals
{
    public static Refusal NotFound(Guid tenant) => new(RefusalKind.NotFound, "transfer_not_found", $"There is no transfer of tenant {tenant}.");

    public static Refusal UnknownPartner(Guid id) =>
        Refusal.Field("/partnerId", "organization_not_found", $"partnerId: there is no such partner {id}.");

    public static Refusal TooEarly(DateOnly today) => Refusal.Field("/on", "too_early", $"on must be {today:yyyy-MM-dd} or later.");

    public static Refusal TooLate(DateOnly latest) => Refusal.Field("/on", "too_late", $"on must be {latest:yyyy-MM-dd} or earlier.");

    public static Refusal AlreadyPending { get; } =
        new(RefusalKind.Conflict, "transfer_pending", "A transfer of this tenant is pending; cancel it first.");

    public static Refusal AlreadyThere { get; } =
        new(RefusalKind.Conflict, "already_there", "The tenant stands under this partner already.");

    public static Refusal PartnerClosed { get; } = new(RefusalKind.Conflict, "organization_closed", "The new partner is closed.");

    public static Refusal PartnerSuspended { get; } =
        new(RefusalKind.Conflict, "organization_suspended", "The new partner, or its distributor, is suspended.");

    public static Refusal NotPending { get; } =
        new(RefusalKind.Conflict, "transfer_not_pending", "The transfer has ended and cannot be cancelled.");

    public static Refusal OutOfReach { get; } =
        new(RefusalKind.Forbidden, "not_allowed_here", "Only someone above both partners may transfer a tenant or cancel its transfer.");
}

namespace Licensing.Provisioning.Seats;

internal static class SeatRefusals
{
    /// <summary>No such tenant in the caller's branch, or one without a live subscription of the product: the same answer to both.</summary>
    public static Refusal NotFound(Guid tenant) =>
        new(RefusalKind.NotFound, "licensing_not_found", $"There are no seats of tenant {tenant}.");
}

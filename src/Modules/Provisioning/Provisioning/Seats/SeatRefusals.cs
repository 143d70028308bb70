using Licensing.Provisioning.Signed;

namespace Licensing.Provisioning.Seats;

internal static class SeatRefusals
{
    /// <summary>No such tenant in the caller's branch, or one without a live subscription of the product: the same answer to both.</summary>
    public static Refusal NotFound(Guid tenant) =>
        new(RefusalKind.NotFound, "licensing_not_found", $"There are no seats of tenant {tenant}.");

    public static Refusal NoDeletion(Guid tenant) => new(
        RefusalKind.Conflict, "no_deletion_scheduled", $"The licenses of tenant {tenant} are not scheduled for deletion.");

    public static Refusal DeletionDue(Deletion deletion) => new(
        RefusalKind.Conflict, "deletion_due",
        $"The week of deletion {deletion.Name} was over at {deletion.DueAt:yyyy-MM-dd'T'HH:mm:ss'Z'}; it cannot be called back.");
}

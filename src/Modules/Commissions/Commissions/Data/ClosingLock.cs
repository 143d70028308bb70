using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Data;

/// <summary>
/// Parts the closing of a month from the agreeing of schemes: each looks at what the other writes before it writes itself, so at the
/// same moment neither would see the other. Held until the transaction ends; what is read after it sees all that has ended before.
/// </summary>
internal static class ClosingLock
{
    extension(CommissionsDb db)
    {
        /// <summary>For whoever closes a month: waits for the schemes that are being agreed, and keeps others waiting.</summary>
        public Task LockClosingsAsync(CancellationToken ct) =>
            db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('commissions.closings', 0))", ct);

        /// <summary>For whoever needs the months that are closed to stay the same ones; many can at once.</summary>
        public Task KeepClosingsAsync(CancellationToken ct) =>
            db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock_shared(hashtextextended('commissions.closings', 0))", ct);
    }
}

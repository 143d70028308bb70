using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Licenses;

internal static class LicenseRows
{
    extension(IQueryable<License> rows)
    {
        public async Task<Result<Page<LicenseView>>> PageAsync(PageStart start, DateOnly today, CancellationToken ct) =>
            (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, ct)).Refused(out var refusal, out var page)
                ? refusal
                : page.Select(x => LicenseView.Of(x, today));

        // The same cases as License.StatusOn, for the database.
        public IQueryable<License> InStatus(LicenseStatus status, DateOnly today) => status switch
        {
            LicenseStatus.Cancelled => rows.Where(x => x.CancelledAt != null),
            LicenseStatus.Renewed => rows.Where(x => x.CancelledAt == null && x.RenewedById != null),
            LicenseStatus.ToBeActivated =>
                rows.Where(x => x.CancelledAt == null && x.RenewedById == null && (x.StartsOn == null || x.StartsOn > today)),
            LicenseStatus.Expired => rows.Where(x => x.CancelledAt == null && x.RenewedById == null && x.EndsOn <= today),
            _ => rows.Where(x => x.CancelledAt == null && x.RenewedById == null && x.StartsOn <= today && x.EndsOn > today
                && x.Demo == (status == LicenseStatus.TrialActivated)),
        };
    }
}

using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>The licences of the caller's branch.</summary>
internal static class ListLicenses
{
    [Needs(ProvisioningPermissions.LicensesRead)]
    public sealed record Query(Guid? TenantId, string? Status, string? Code, int? Limit, string? After) : IQuery<Page<LicenseView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, BillingCalendar calendar, TimeProvider clock) : IQueryHandler<Query, Page<LicenseView>>
    {
        public async Task<Result<Page<LicenseView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<LicenseStatus>("status", request.Status, out var status, out refusal))
                return refusal;
            var today = calendar.DayOf(clock.GetUtcNow());
            var rows = db.Licenses.AsNoTracking().Within(principal.Scope);
            if (status is { } asked)
                rows = rows.InStatus(asked, today);
            if (request.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (request.Code is not null)
                rows = rows.Where(x => x.Code == request.Code);
            return await rows.PageAsync(start, today, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder licenses) => licenses
        .MapGet("/", (Guid? tenantId, string? status, string? code, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(tenantId, status, code, limit, after), ct))
        .Slice<Query, Page<LicenseView>>(nameof(ListLicenses), "Lists licences, newest first");
}

internal static class LicenseRows
{
    extension(IQueryable<License> rows)
    {
        public async Task<Result<Page<LicenseView>>> PageAsync(PageStart start, DateOnly today, CancellationToken ct) =>
            (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, ct)).Refused(out var refusal, out var page)
                ? refusal
                : new Page<LicenseView>([.. page.Items.Select(x => LicenseView.Of(x, today))], page.Next);

        // The same cases as License.StatusOn, for the database.
        public IQueryable<License> InStatus(LicenseStatus status, DateOnly today) => status switch
        {
            LicenseStatus.Cancelled => rows.Where(x => x.CancelledAt != null),
            LicenseStatus.Renewed => rows.Where(x => x.CancelledAt == null && x.RenewedById != null),
            LicenseStatus.ToBeActivated => rows.Where(x => x.CancelledAt == null && x.RenewedById == null && (x.StartsOn == null || x.StartsOn > today)),
            LicenseStatus.Expired => rows.Where(x => x.CancelledAt == null && x.RenewedById == null && x.EndsOn <= today),
            _ => rows.Where(x => x.CancelledAt == null && x.RenewedById == null && x.StartsOn <= today && x.EndsOn > today
                && x.Demo == (status == LicenseStatus.TrialActivated)),
        };
    }
}

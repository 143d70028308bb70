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

    internal sealed class Handler(ProvisioningDb db, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, Page<LicenseView>>
    {
        public async Task<Result<Page<LicenseView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<LicenseStatus>("status", query.Status, out var status, out refusal))
                return refusal;
            var today = calendar.DayOf(clock.GetUtcNow());
            var rows = db.Licenses.AsNoTracking().Within(principal.Scope);
            if (status is { } asked)
                rows = rows.InStatus(asked, today);
            if (query.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (query.Code is not null)
                rows = rows.Where(x => x.Code == query.Code);
            return await rows.PageAsync(start, today, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder licenses) => licenses
        .MapGet("/", (Guid? tenantId, string? status, string? code, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(tenantId, status, code, limit, after), ct))
        .Slice<Query, Page<LicenseView>>(nameof(ListLicenses), "Lists licences, newest first");
}

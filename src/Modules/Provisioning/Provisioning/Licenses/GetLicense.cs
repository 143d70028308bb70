using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Licenses;

/// <summary>One licence.</summary>
internal static class GetLicense
{
    [Needs(ProvisioningPermissions.LicensesRead)]
    public sealed record Query(LicenseId Id) : IQuery<LicenseView>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, LicenseView>
    {
        public async Task<Result<LicenseView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Licenses.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } license
                ? LicenseView.Of(license, calendar.DayOf(clock.GetUtcNow()))
                : LicenseRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder licenses) => licenses
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new LicenseId(id)), ct))
        .Slice<Query, LicenseView>(nameof(GetLicense), "Reads a licence");
}

using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Provisioning;

/// <summary>
/// Takes a transferred tenant's subscriptions and licences along, with all that hangs on them; those that ended before its first day with the new
/// partner stay with the old one. They go to where the tenant stands by now, so that two transfers may be heard in either order.
/// </summary>
internal sealed class MoveWhenTransferred(DbSession session, IOrganizationDirectory organizations) : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        await using var command = new NpgsqlCommand(
            """
            with moved as (update provisioning.subscriptions set owner_path = $2, version = version + 1
                    where tenant_id = $1 and (ends_on is null or ends_on > $3)),
                requests as (update provisioning.quota_requests set owner_path = $2 where tenant_id = $1 and status = 'Pending'),
                licenses as (update provisioning.licenses set owner_path = $2, version = version + 1
                    where tenant_id = $1 and cancelled_at is null and (ends_on is null or ends_on > $3)),
                profiles as (update provisioning.customer_profiles set owner_path = $2 where tenant_id = $1),
                credentials as (update provisioning.sip_credentials set owner_path = $2 where tenant_id = $1)
            update provisioning.deletions set owner_path = $2 where tenant_id = $1 and ended_at is null
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = message.Id.Value }, new() { Value = tenant.Path }, new() { Value = message.On } } };
        await command.ExecuteNonQueryAsync(ct);
    }
}

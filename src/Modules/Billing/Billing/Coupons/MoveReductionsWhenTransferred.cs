using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Coupons;

/// <summary>Takes a transferred tenant's coupons and credits along: they are for its bills, whoever it belongs to.</summary>
internal sealed class MoveReductionsWhenTransferred(DbSession session, IOrganizationDirectory organizations) : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        foreach (var table in (string[])["coupon_redemptions", "credits"])
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"update billing.{table} set owner_path = $2 where tenant_id = $1")
            { Parameters = { new() { Value = message.Id.Value }, new() { Value = tenant.Path } } });
        await batch.ExecuteNonQueryAsync(ct);
    }
}

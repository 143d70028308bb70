using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Usage.Thresholds;

/// <summary>Takes a transferred tenant's thresholds along, to where it stands by now. Its usage stays where it was when it was used.</summary>
internal sealed class MoveThresholdsWhenTransferred(DbSession session, IOrganizationDirectory organizations) : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        await using var command = new NpgsqlCommand(
            "update usage.thresholds set owner_path = $2, version = version + 1 where tenant_id = $1",
            await session.OpenAsync(ct), session.Transaction)
        {
            Parameters = { new() { Value = message.Id.Value }, new() { Value = tenant.Path } },
        };
        await command.ExecuteNonQueryAsync(ct);
    }
}

using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Catalog.Pricing;

/// <summary>Takes a transferred tenant's own price lists along; those that ended before its first day with the new partner stay.</summary>
internal sealed class MoveListsWhenTransferred(DbSession session, IOrganizationDirectory organizations) : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        await using var command = new NpgsqlCommand(
            "update catalog.price_lists set owner_path = $2 where tenant_id = $1 and (valid_until is null or valid_until > $3)",
            await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = message.Id.Value }, new() { Value = tenant.Path }, new() { Value = message.On } } };
        await command.ExecuteNonQueryAsync(ct);
    }
}

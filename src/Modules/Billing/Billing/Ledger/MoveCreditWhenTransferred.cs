using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Takes a transferred tenant's credit along, with what watches it, to where it stands by now. What was done with it, and what was told of it,
/// stays with whom it was done under.
/// </summary>
internal sealed class MoveCreditWhenTransferred(DbSession session, IOrganizationDirectory organizations) : IHandle<TenantTransferred>
{
    public async Task HandleAsync(TenantTransferred message, CancellationToken ct)
    {
        var tenant = await organizations.WhereItStandsAsync(message, ct);
        await session.ExecuteAsync(
            [
                // In the order in which everyone locks them.
                Move("""
                    with held as (
                        select id from billing.ledger_accounts where owner_id = $1 order by unit, kind = 'Prepaid' desc, kind for no key update)
                    update billing.ledger_accounts a set owner_path = $2 from held where a.id = held.id
                    """),
                Move("update billing.credit_thresholds set owner_path = $2, version = version + 1 where owner_id = $1"),
                Move("update billing.top_up_rules set owner_path = $2, version = version + 1 where owner_id = $1"),
            ], ct);

        NpgsqlBatchCommand Move(string sql) =>
            new(sql) { Parameters = { new() { Value = message.Id.Value }, new() { Value = tenant.Path } } };
    }
}

using Licensing.Commissions.Payouts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Commissions.PaymentOrders;

/// <summary>A payout that is due and cannot be in an order; it stays due.</summary>
/// <param name="Reason"><c>no_bank_account</c>, or <c>not_in_sepa</c>: an order as CSV takes it.</param>
internal sealed record LeftOutView(PayoutId PayoutId, OrganizationId OrganizationId, Money Amount, string Reason);

/// <param name="Named">The first 100 of each reason.</param>
/// <param name="ForTheNext">What could be ordered and was not.</param>
internal sealed record LeftOut(long WithoutAccount, long OutsideSepa, long ForTheNext, IReadOnlyList<LeftOutView> Named);

/// <summary>Reads what is due in a currency and in no order, and why.</summary>
internal sealed class LeftOutPayouts(DbSession session)
{
    private const int MostNamed = 100;
    private const string NoAccount = "no_bank_account";
    private const string NotInSepa = "not_in_sepa";

    private const string Left =
        """
        select reason, id, organization_id, amount, number from (
            select *, count(*) over (partition by reason) as number, row_number() over (partition by reason order by due_on, id) as place from (
                select p.id, p.organization_id, p.amount, p.due_on,
                    case when b.organization_id is null then 'no_bank_account'
                        when left(b.iban, 2) <> all ($4::text[]) then 'not_in_sepa' else '' end as reason
                from commissions.payouts p left join commissions.bank_accounts b on b.organization_id = p.organization_id
                where p.currency = $1 and p.paid_on is null and p.order_id is null and p.due_on <= $2
                    and ($3::uuid is null or p.organization_id = $3)) due) told
        where place <= case when reason = '' then 1 else $5 end
        order by reason, place
        """;

    /// <param name="currency">Of the payouts.</param>
    /// <param name="today">By which they are due.</param>
    /// <param name="organization">Whose; null: everyone's.</param>
    /// <param name="countries">Of accounts that the file carries; null: of all.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<LeftOut> ReadAsync(
        Currency currency, DateOnly today, OrganizationId? organization, string[]? countries, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(Left, await session.OpenAsync(ct));
        select.Parameters.Add(new() { Value = currency.Code });
        select.Parameters.Add(new() { Value = today, NpgsqlDbType = NpgsqlDbType.Date });
        select.Parameters.Add(new() { Value = organization?.Value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        select.Parameters.Add(new() { Value = (object?)countries ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        select.Parameters.Add(new() { Value = MostNamed });
        var (counts, named) = (new Dictionary<string, long>(StringComparer.Ordinal), new List<LeftOutView>());
        await using var row = await select.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
        {
            var reason = row.GetString(0);
            counts[reason] = row.GetInt64(4);
            if (reason.Length > 0)
                named.Add(new LeftOutView(
                    new PayoutId(row.GetGuid(1)), new OrganizationId(row.GetGuid(2)), new Money(row.GetDecimal(3), currency), reason));
        }

        return new LeftOut(
            counts.GetValueOrDefault(NoAccount), counts.GetValueOrDefault(NotInSepa), counts.GetValueOrDefault(""), named);
    }
}

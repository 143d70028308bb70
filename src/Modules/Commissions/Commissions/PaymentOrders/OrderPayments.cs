using Licensing.Commissions.BankAccounts;
using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Commissions.PaymentOrders;

/// <summary>
/// Puts all that is due in a currency into one order for the bank, what has failed before as well. No payout is in two. Where the file cannot carry
/// one of them the others are ordered without it.
/// </summary>
internal static class OrderPayments
{
    private const int MostPayouts = 10_000;
    private const int MostDaysAhead = 60;

    /// <param name="Currency">Of all of its payments.</param>
    /// <param name="OrganizationId">Only what is due to this one; null: to everyone.</param>
    /// <param name="ExecutesOn">When the bank is to pay; null: today.</param>
    /// <param name="Format">Null: <c>Sepa</c> in euro from an account in SEPA, else <c>Csv</c>.</param>
    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Command(
        Currency Currency, OrganizationId? OrganizationId = null, DateOnly? ExecutesOn = null, OrderFormat? Format = null) : ICommand<OrderedView>;

    // Whoever comes second waits for the rows, and finds them ordered.
    private const string Order =
        """
        with due as materialized (
            select p.id, p.amount, p.due_on, b.holder, b.iban, b.bic, s.period_start
            from commissions.payouts p
            join commissions.bank_accounts b on b.organization_id = p.organization_id
            join commissions.statements s on s.id = p.statement_id
            where p.currency = $2 and p.paid_on is null and p.order_id is null and p.due_on <= $3
                and ($4::uuid is null or p.organization_id = $4) and ($12::text[] is null or left(b.iban, 2) = any ($12))
            order by p.due_on, p.id limit $5
            for update of p),
        ordered as (
            update commissions.payouts p set order_id = $1, failed_on = null, failure = null, version = version + 1
            from due where p.id = due.id),
        written as (
            insert into commissions.payment_order_lines (order_id, position, payout_id, amount, holder, iban, bic, remittance)
            select $1, row_number() over (order by due_on, id), id, amount, holder, iban, bic,
                'Commission ' || to_char(period_start, 'YYYY-MM') || ' ' || id
            from due)
        insert into commissions.payment_orders (id, owner_path, currency, executes_on, holder, iban, bic, payouts, total, created_at)
        select $1, $6, $2, $7, $8, $9, $10, count(*), sum(amount), $11 from due having count(*) > 0
        returning payouts, total
        """;

    internal sealed class Handler(
        CommissionsDb db, DbSession session, LeftOutPayouts leftOut, IOrganizationDirectory organizations, Principal principal, AuditTrail audit,
        BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, OrderedView>
    {
        public async Task<Result<OrderedView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var platform = await organizations.PlatformAsync(cancellationToken);
            if (!principal.Scope.Contains(platform.Path))
                return CommissionsRefusals.NotThePlatform;
            if (command.OrganizationId is { } id && await organizations.FindAsync(id, cancellationToken) is null)
                return BankAccountRefusals.NoOrganization(id);
            var (now, today) = (clock.GetUtcNow(), calendar.DayOf(clock.GetUtcNow()));
            if (command.ExecutesOn < today)
                return PaymentOrderRefusals.InThePast;
            if (command.ExecutesOn > today.AddDays(MostDaysAhead))
                return PaymentOrderRefusals.TooLate(today.AddDays(MostDaysAhead));
            if (await db.BankAccounts.AsNoTracking().SingleOrDefaultAsync(x => x.OrganizationId == platform.Id, cancellationToken) is not { } from)
                return PaymentOrderRefusals.NoAccount;

            var isSepa = command.Currency.Code == "EUR" && Iban.IsInSepa(from.Iban);
            var format = command.Format ?? (isSepa ? OrderFormat.Sepa : OrderFormat.Csv);
            if (format is OrderFormat.Sepa && !isSepa)
                return command.Currency.Code == "EUR"
                    ? PaymentOrderRefusals.NotInSepa([], payer: true)
                    : PaymentOrderRefusals.NotEuro(command.Currency);

            var countries = format is OrderFormat.Sepa ? Iban.SepaCountries : null;
            var order = Id.New<PaymentOrderId>(now);
            var ordered = await OrderAsync(order, command, from, platform.Path, now, today, countries, cancellationToken);
            // Read afterwards: what others ordered meanwhile is nobody's to be told.
            var left = await leftOut.ReadAsync(command.Currency, today, command.OrganizationId, countries, cancellationToken);
            if (ordered is not var (payouts, total))
                return PaymentOrderRefusals.NothingToPay(command.Currency, left.WithoutAccount, left.OutsideSepa);
            var view = new PaymentOrderView(
                order, new Money(total, command.Currency), payouts, command.ExecutesOn ?? today, from.Holder, now, WithdrawnAt: null,
                WithdrawalReason: null);
            audit.Note(
                "payment_order", order.Value.ToString(), platform.Path, new() { ["payouts"] = view.Payouts, ["total"] = view.Total.ToString() });
            return new OrderedView(view, format, left.WithoutAccount, left.OutsideSepa, left.ForTheNext, left.Named);
        }

        private async Task<(int Payouts, decimal Total)?> OrderAsync(
            PaymentOrderId order, Command command, BankAccount from, string path, DateTimeOffset now, DateOnly today, string[]? countries,
            CancellationToken ct)
        {
            await using var insert = new NpgsqlCommand(Order, await session.OpenAsync(ct));
            insert.Parameters.Add(new() { Value = order.Value });
            insert.Parameters.Add(new() { Value = command.Currency.Code });
            insert.Parameters.Add(new() { Value = today, NpgsqlDbType = NpgsqlDbType.Date });
            insert.Parameters.Add(new() { Value = command.OrganizationId?.Value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
            insert.Parameters.Add(new() { Value = MostPayouts });
            insert.Parameters.Add(new() { Value = path });
            insert.Parameters.Add(new() { Value = command.ExecutesOn ?? today, NpgsqlDbType = NpgsqlDbType.Date });
            insert.Parameters.Add(new() { Value = from.Holder });
            insert.Parameters.Add(new() { Value = from.Iban });
            insert.Parameters.Add(new() { Value = (object?)from.Bic ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
            insert.Parameters.Add(new() { Value = now });
            insert.Parameters.Add(new() { Value = (object?)countries ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            await using var row = await insert.ExecuteReaderAsync(ct);
            return await row.ReadAsync(ct) ? (row.GetInt32(0), row.GetDecimal(1)) : null;
        }
    }

    public static void Map(IEndpointRouteBuilder orders) => orders
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/commissions/payment-orders/{x.Order.Id.Value}", ct))
        .Slice<Command, OrderedView>(nameof(OrderPayments), "Orders the payment of all that is due", StatusCodes.Status201Created);
}

using System.Text.Json.Nodes;
using Licensing.Billing.Contracts;
using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Payouts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <param name="Period">The month.</param>
/// <param name="Statements">How many statements were frozen.</param>
/// <param name="ClosedAt">When it was closed, the first time.</param>
internal sealed record ClosingView(Period Period, int Statements, DateTimeOffset ClosedAt);

/// <summary>Freezes the statements of a month. Whoever closes it again gets the first answer and changes nothing.</summary>
internal static class CloseCommissions
{
    [Needs(CommissionsPermissions.PeriodsClose)]
    public sealed record Command(string Period) : ICommand<ClosingView>;

    internal sealed class Handler(
        CommissionsDb db, PeriodCommissions commissions, StatementWriter writer, CommissionBooks books, ExchangeRateBook rates, CloseProbe probe,
        DbSession session, IBillingProgress billing, IOrganizationDirectory organizations, BillingCalendar calendar, Principal principal,
        AuditTrail audit, TimeProvider clock) : ICommandHandler<Command, ClosingView>
    {
        public async Task<Result<ClosingView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(command.Period, out var period))
                return PeriodRefusals.NotAMonth;
            var platform = await organizations.PlatformAsync(cancellationToken);
            if (!principal.Scope.Contains(platform.Path))
                return CommissionsRefusals.NotThePlatform;
            if (await FindAsync(period, cancellationToken) is { } closed)
                return closed;
            if (period.End > calendar.DayOf(clock.GetUtcNow()))
                return StatementRefusals.PeriodNotOver(period);
            if (!await billing.IsFinishedAsync(period, cancellationToken))
                return StatementRefusals.BillingNotFinished;

            probe.Hit("billed");
            await db.LockClosingsAsync(cancellationToken);
            probe.Hit("locked");
            var now = clock.GetUtcNow();
            if (await FindAsync(period, cancellationToken) is { } meanwhile)
                return meanwhile;
            if (await OfAnotherZoneAsync(cancellationToken) is { } other)
                return StatementRefusals.TimeZoneChanged(other, calendar.TimeZone);
            var (due, errors, used) = await commissions.DueAsync(period, Scope.Of([platform.Path]), cancellationToken);
            // A closed month gets no further statements: whoever had none now would never be paid.
            if (errors.Count > 0)
                return StatementRefusals.CommissionsMissing(errors);

            await books.OpenAsync(cancellationToken);
            probe.Hit("opened");
            var number = await db.Closings.MaxAsync(x => (int?)x.Number, cancellationToken) + 1 ?? 1;
            List<(DueStatement Due, Statement Statement)> statements =
                [.. due.Select((x, place) => (x, Statement.Of(x, place, period, number, now)))];
            await writer.WriteAsync(statements, cancellationToken);
            await books.ClosedAsync(statements, cancellationToken);
            probe.Hit("booked");
            await rates.KeepAsync(used, cancellationToken);
            probe.Hit("rates");
            foreach (var (_, x) in statements)
                db.Publish(new StatementClosed(x.Id, x.OrganizationId, period, new Money(x.Commission, x.Currency)));
            await db.Database.ExecuteSqlAsync($"""
                insert into commissions.closings (period_start, period_end, statements, number, closed_at, posted, counted_from, counted_until)
                values ({period.Start}, {period.End}, {due.Count}, {number}, {now}, true, {calendar.StartOf(period.Start)},
                    {calendar.StartOf(period.End)})
                """, cancellationToken);
            probe.Hit("closing");
            session.AfterCommit(() => probe.Hit("committed"));
            audit.Note("commission_closing", period.ToString(), platform.Path, new JsonObject { ["statements"] = due.Count });
            return new ClosingView(period, due.Count, now);
        }

        // Credit notes count by the instant they were issued at: each in one month and none in none, so all months are of one time zone. Closings of
        // before did not say of which they were; from now on they do.
        private async Task<Period?> OfAnotherZoneAsync(CancellationToken ct)
        {
            var closings = await db.Closings.AsNoTracking().OrderBy(x => x.PeriodStart).ToListAsync(ct);
            if (closings.Find(x => x.CountedFrom is not null
                && (x.CountedFrom != calendar.StartOf(x.PeriodStart) || x.CountedUntil != calendar.StartOf(x.PeriodEnd))) is { } other)
                return new Period(other.PeriodStart, other.PeriodEnd);
            foreach (var untold in closings.Where(x => x.CountedFrom is null))
                await db.Database.ExecuteSqlAsync($"""
                    update commissions.closings set counted_from = {calendar.StartOf(untold.PeriodStart)},
                        counted_until = {calendar.StartOf(untold.PeriodEnd)}
                    where period_start = {untold.PeriodStart}
                    """, ct);
            return null;
        }

        private async Task<ClosingView?> FindAsync(Period period, CancellationToken ct) =>
            await db.Closings.AsNoTracking().SingleOrDefaultAsync(x => x.PeriodStart == period.Start, ct) is { } x
                ? new ClosingView(period, x.Statements, x.ClosedAt)
                : null;
    }

    public static void Map(IEndpointRouteBuilder commissions) => commissions
        .MapPost("/close/{period}", (string period, ISender sender, CancellationToken ct) => sender.Ok(new Command(period), ct))
        .Slice<Command, ClosingView>(nameof(CloseCommissions), "Freezes the commission statements of a month");
}

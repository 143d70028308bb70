using System.Text.Json.Nodes;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Billing.Exports;

/// <summary>Closes a month of the journal for good. Sent by the first export of the month; readers get what is closed and close nothing.</summary>
internal static class CloseJournalMonth
{
    [Needs(BillingPermissions.LedgerClose)]
    public sealed record Command(string Period) : ICommand<Done>;

    internal sealed class Handler(
        JournalExport journal, IOrganizationDirectory organizations, BillingCalendar calendar, Principal principal, AuditTrail audit,
        TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(command.Period, out var month))
                return PeriodRefusals.NotAMonthIn("period");
            if (month.End > calendar.DayOf(clock.GetUtcNow()))
                return RunRefusals.PeriodNotOver(month);
            var seller = await organizations.PlatformAsync(cancellationToken);
            if (!principal.Scope.Contains(seller.Path))
                return JournalRefusals.NotThePlatform;
            if (await journal.CloseAsync(month, cancellationToken))
                audit.Note("journal_month", $"{month.Start:yyyy-MM}", seller.Path, new JsonObject { ["closed"] = true });
            return default(Done);
        }
    }
}

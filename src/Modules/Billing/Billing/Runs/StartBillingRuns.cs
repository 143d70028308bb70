using Licensing.Kernel.Http;

namespace Licensing.Billing.Runs;

/// <summary>The runs of several months.</summary>
internal sealed record BillingRunsView(IReadOnlyList<BillingRunView> Items);

/// <summary>Starts the billing of several months at once, or goes on with it: all of them or, if one cannot be billed, none.</summary>
internal static class StartBillingRuns
{
    private const int MostMonths = 24;

    [Needs(BillingPermissions.RunsStart)]
    public sealed record Command(string From, string To, bool Issue = false) : ICommand<BillingRunsView>;

    internal sealed class Handler(RunStarter starter) : ICommandHandler<Command, BillingRunsView>
    {
        public async Task<Result<BillingRunsView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!Period.TryParseMonth(command.From, out var first) || !Period.TryParseMonth(command.To, out var last))
                return PeriodRefusals.NotAMonth;
            // The first month that cannot be billed says why; a range into a far future is not written out for that.
            var months = new List<Period>();
            for (var month = first; month.Start <= last.Start && months.Count <= MostMonths; month = Period.Month(month.End.Year, month.End.Month))
                months.Add(month);
            if (months.Count is 0 or > MostMonths)
                return RunRefusals.RangeTooLong(MostMonths);
            if ((await starter.CheckAsync(months, cancellationToken)).Refused(out var refusal, out var seller))
                return refusal;

            // The older first, by everyone, so that two such ranges never wait for each other.
            var started = new List<BillingRunView>();
            foreach (var month in months)
                started.Add(await starter.StartAsync(seller, month, command.Issue, cancellationToken));
            return new BillingRunsView(started);
        }
    }

    public static void Map(IEndpointRouteBuilder billing) => billing
        .MapPost("/generate/range", (Command body, ISender sender, CancellationToken ct) =>
            sender.Accepted(body, x => $"/api/v1/operations/{x.Items[^1].OperationId.Value}", ct))
        .Slice<Command, BillingRunsView>(
            nameof(StartBillingRuns), "Starts or continues the billing of several months", StatusCodes.Status202Accepted);
}

using Licensing.Billing.Data;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>
/// Wakes the workers of this process when a run has begun or may go on. Where nothing works in the background it does the work itself, and
/// comes again as long as some is left.
/// </summary>
internal sealed class ContinueBillingRun(BillingDb db, RunWorkers workers, RunBackground background, MessagingSettings messaging)
    : IHandle<BillingRunContinued>
{
    public async Task HandleAsync(BillingRunContinued message, CancellationToken ct)
    {
        if (messaging.InBackground)
            background.Wake();
        else if (await db.Runs.AnyAsync(x => x.Id == message.RunId && x.Step == message.Step, ct)
            && await workers.WorkAsync(message.RunId, ct) is { } at)
            db.Publish(message, at);
    }
}

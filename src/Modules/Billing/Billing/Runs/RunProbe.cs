namespace Licensing.Billing.Runs;

/// <summary>Between the statements of a run: where tests end it, hold it up, or break what it generates.</summary>
internal sealed class RunProbe
{
    /// <summary>Called with the name of the place; what it throws ends the worker as if it were killed.</summary>
    public Func<string, Task>? At { get; set; }

    /// <summary>Changes what rating generated, as a bug in it would.</summary>
    public Func<TenantBill, TenantBill>? Generated { get; set; }

    public Task HitAsync(string place)
    {
        FaultPoints.Hit("billing.statement");
        FaultPoints.Hit($"billing.{place}");
        return At is { } at ? at(place) : Task.CompletedTask;
    }
}

/// <summary>A worker that was killed cleans up nothing; thrown by tests alone.</summary>
internal sealed class WorkerKilledException : Exception;

using Licensing.Kernel.Ops;
using Licensing.Usage.Data;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary><c>ops usage verify</c>: proves that rollups equal the records, and computes anew what does not.</summary>
internal static class VerifyUsage
{
    private const int DaysAtOnce = 64;

    public static OpsCommand Ops { get; } = new(
        "usage verify", "Proves that the rollups equal the records; 1 and the differences when they do not.",
        [
            new("--period", "A month yyyy-MM, or days yyyy-MM-dd/yyyy-MM-dd; else all of which the records are kept."),
            new("--repair", "Computes what differs anew from the records, and proves it again.", OpsArgumentKind.Flag),
        ],
        RunAsync);

    private sealed record Proved(string Period, int Days, int Repaired, string Rollups);

    private static async Task<Result<OpsAnswer>> RunAsync(OpsCall call, CancellationToken ct)
    {
        var verification = call.Services.GetRequiredService<RollupVerification>();
        if (!Period.TryParse(call["--period"], out var asked) && call["--period"] is { } wrong)
            return OpsCall.Wrong($"--period must be a month yyyy-MM or days yyyy-MM-dd/yyyy-MM-dd, not '{wrong}'.");
        var whole = call["--period"] is null ? await verification.ExtentAsync(ct) : asked;
        if (whole is null || Kept(whole.Value, call.Services) is not { } period)
            return new OpsAnswer(new Proved("none", 0, 0, "There are no records of these days, or they are not kept any more."));

        var differences = await verification.DifferencesAsync(period, ct, call.Progress);
        var repaired = new HashSet<TenantDay>();
        while (call.Has("--repair") && differences.Count > 0)
        {
            // More than are told at once come in turns; what computing anew does not change is not tried for ever.
            var days = differences.Select(d => new TenantDay(d.TenantId, d.Day)).Where(repaired.Add).ToList();
            if (days.Count == 0)
                break;
            await RepairAsync(call, days, ct);
            differences = await verification.DifferencesAsync(period, ct, call.Progress);
        }

        return differences.Count > 0
            ? new OpsAnswer(differences) { Failed = true }
            : new OpsAnswer(new Proved(period.ToString(), period.Days, repaired.Count, "equal to the records"));
    }

    private static async Task RepairAsync(OpsCall call, List<TenantDay> days, CancellationToken ct)
    {
        var rollups = call.Services.GetRequiredService<RollingUp>();
        foreach (var some in days.Chunk(DaysAtOnce))
            try
            {
                await rollups.ComputeAsync(some, ct);
            }
            catch (PostgresException damaged) when (DamagedData.Is(damaged))
            {
                // What one of them says keeps the others from nothing, and is told again by the next proof.
                foreach (var one in some.Length > 1 ? some : [])
                    await RepairAsync(call, [one], ct);
            }
    }

    // Older days may have lost records to the retention: what they had added up to is right, and cannot be computed anew.
    private static Period? Kept(Period period, IServiceProvider services)
    {
        var first = services.GetRequiredService<UsageSettings>().FirstWhole(
            services.GetRequiredService<BillingCalendar>(), services.GetRequiredService<TimeProvider>().GetUtcNow());
        if (first <= period.Start)
            return period;
        return Period.TryCreate(first, period.End, out var kept) ? kept : null;
    }
}

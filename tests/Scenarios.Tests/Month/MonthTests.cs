using System.Numerics;
using System.Text.Json.Nodes;

namespace Licensing.Scenarios.Tests.Month;

/// <summary>The main job, as someone who has just cloned the repository runs it.</summary>
public sealed class MonthTests(UninterruptedMonth finished) : IClassFixture<UninterruptedMonth>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_tenants_usage_is_exact_before_rounding()
    {
        var expected = IndependentMonth.Load();

        finished.Report["usageRecords"]!.GetValue<int>().ShouldBe(997);
        Tenants(finished.Report).Count.ShouldBe(73);
        foreach (var tenant in Tenants(finished.Report))
            IndependentMonth.Scaled(Text(tenant, "usageExact")).ShouldBe(expected.UsageExact[Text(tenant, "externalId")], Text(tenant, "externalId"));
    }

    [Fact]
    public void Every_invoice_comes_to_the_sum_of_its_rounded_lines_and_its_countrys_tax()
    {
        var expected = IndependentMonth.Load();

        foreach (var tenant in Tenants(finished.Report))
        {
            var id = Text(tenant, "externalId");
            Cents(tenant, "net").ShouldBe(expected.Net[id], $"net of {id}");
            Cents(tenant, "tax").ShouldBe(expected.Tax[id], $"tax of {id}");
            Cents(tenant, "total").ShouldBe(expected.Net[id] + expected.Tax[id], $"total of {id}");
        }
    }

    [Fact]
    public void Commissions_are_on_the_issued_net_of_the_branch()
    {
        var expected = IndependentMonth.Load();
        BigInteger NetOf(string provider) =>
            expected.Net.Where(n => provider is "" || expected.Provider[n.Key] == provider).Aggregate(BigInteger.Zero, (sum, n) => sum + n.Value);
        var statements = finished.Report["commissions"]!.AsArray().ToDictionary(s => Text(s!, "externalId"), s => s!);

        Cents(statements["aws"], "basis").ShouldBe(NetOf("AWS"));
        Cents(statements["microsoft"], "basis").ShouldBe(NetOf("Microsoft"));
        Cents(statements["oracle"], "basis").ShouldBe(NetOf("Oracle"));
        Cents(statements["demo-distributor"], "basis").ShouldBe(NetOf(""));
        statements.Count.ShouldBe(4);

        // Microsoft's partner: 6.5 %; Oracle's has no scheme and earns by its distributor's, 12 % up to 1,000.
        var microsoft = Rounded(NetOf("Microsoft") * 65, 1_000);
        var oracle = Rounded(NetOf("Oracle") * 12, 100);
        var aws = Graduated(NetOf("AWS"), [(10_000, 5), (50_000, 8), (long.MaxValue, 10)]);
        Cents(statements["microsoft"], "commission").ShouldBe(microsoft);
        Cents(statements["oracle"], "commission").ShouldBe(oracle);
        Cents(statements["aws"], "commission").ShouldBe(aws);
        // The distributor's is on the whole branch, less what its partners earn.
        Cents(statements["demo-distributor"], "commission")
            .ShouldBe(Graduated(NetOf(""), [(100_000, 12), (long.MaxValue, 15)]) - microsoft - oracle - aws);
    }

    [Fact]
    public async Task A_month_run_again_changes_nothing()
    {
        using var _ = await finished.Folder.FinishedAsync(Ct);

        finished.Folder.Report().ToJsonString().ShouldBe(finished.Report.ToJsonString());
    }

    [Fact]
    public async Task A_month_killed_again_and_again_comes_to_the_same_totals()
    {
        await using var folder = new MonthFolder();
        foreach (var line in new[] { "Channel: 4 of 4", "Tenants: 73 of 73", "Prices: 267 of 267", "Usage records: 997 of 997" })
        {
            using var host = HostProcess.Start(folder.Path, folder.Json);
            await host.KillAtAsync(line, Ct);
        }

        // Inside the run: with a chunk written but not committed, with a message handled or committed but not acknowledged.
        foreach (var fault in new[] { "billing.chunk:1", "message.handled:1", "message.committed:1" })
        {
            using var host = HostProcess.Start(folder.Path, folder.Json, new Dictionary<string, string> { ["LICENSING_FAULT"] = fault });
            (await host.EndAsync(Ct)).ShouldNotBe(0, $"{fault} was not reached: {host.Output}");
        }

        using var _ = await folder.FinishedAsync(Ct);

        folder.Report().ToJsonString().ShouldBe(finished.Report.ToJsonString());
    }

    [Fact]
    public async Task Two_hosts_on_one_database_run_a_month_once()
    {
        await using var folder = new MonthFolder();
        var database = await TestPostgres.CreateEmptyAsync(Ct);
        try
        {
            var environment = new Dictionary<string, string> { ["LICENSING_POSTGRES"] = database };
            using var first = HostProcess.Start(folder.Path, folder.Json, environment);
            // The first one writes the password that both use.
            await Eventually.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(folder.Path, "demo.json"))));
            using var second = HostProcess.Start(folder.Path, folder.Json + ".second", environment);

            (await first.EndAsync(Ct)).ShouldBe(0, first.Output);
            (await second.EndAsync(Ct)).ShouldBe(0, second.Output);

            folder.Report().ToJsonString().ShouldBe(finished.Report.ToJsonString());
            File.Move(folder.Json + ".second", folder.Json, overwrite: true);
            folder.Report().ToJsonString().ShouldBe(finished.Report.ToJsonString());
        }
        finally
        {
            await TestPostgres.DropAsync(database);
        }
    }

    private static List<JsonNode> Tenants(JsonObject report) => [.. report["tenants"]!.AsArray().Select(t => t!)];

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static BigInteger Cents(JsonNode node, string name) => IndependentMonth.Scaled(Text(node, name)) / IndependentMonth.Scaled("0.01");

    /// <summary>numerator / divisor, half away from zero.</summary>
    private static BigInteger Rounded(BigInteger numerator, long divisor) =>
        (BigInteger.Abs(numerator) * 2 + divisor) / (2 * divisor) * numerator.Sign;

    private static BigInteger Graduated(BigInteger cents, (long UpTo, int Percent)[] tiers)
    {
        var (sum, from) = (BigInteger.Zero, BigInteger.Zero);
        foreach (var (upTo, percent) in tiers)
        {
            if (cents > from)
                sum += (BigInteger.Min(cents, upTo) - from) * percent;
            from = upTo;
        }

        return Rounded(sum, 100);
    }
}

/// <summary>One month run from nothing to its end, for the tests that look at what came of it.</summary>
public sealed class UninterruptedMonth : IAsyncLifetime
{
    internal MonthFolder Folder { get; } = new();

    internal JsonObject Report { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        using var host = await Folder.FinishedAsync(TestContext.Current.CancellationToken);
        Report = Folder.Report();
    }

    public ValueTask DisposeAsync() => Folder.DisposeAsync();
}

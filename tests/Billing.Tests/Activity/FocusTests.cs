using System.Globalization;
using System.Text.Json.Nodes;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Licensing.Usage.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Activity;

/// <summary>The export in the columns of FOCUS, over HTTP and at the terminal, and the billing commands of the terminal beside it.</summary>
public sealed class FocusTests(LivedApp app) : IClassFixture<LivedApp>
{
    private static readonly string[] Mandatory =
    [
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory",
        "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName",
        "ListCost", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
    ];

    [Fact]
    public async Task A_month_is_billed_and_exported_at_the_terminal_and_what_is_exported_is_imported_again()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory("focus-").FullName;
        var (file, journal) = (Path.Combine(folder, "focus.csv"), Path.Combine(folder, "journal.csv"));
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var subscription = await app.SubscribeAsync(platform, branch.Tenant);
        app.Clock.Set(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
        await LivedApp.UseAsync(platform, subscription);

        // Rated now, then billed: but for the invoice's number the same rows.
        var before = await OpsOutcome.RunAsync(app, "usage", "export", "--period", "2026-01", "--out", file, "--json");
        before.ExitCode.ShouldBe(0, before.Errors);
        ((int)JsonNode.Parse(before.Output)!["rows"]!, (int)JsonNode.Parse(before.Output)!["tenants"]!).ShouldBe((9, 1));
        var estimated = Rows(file).Select(x => Without(x, "InvoiceId", "x_Estimated")).ToList();
        Rows(file).ShouldAllBe(x => x["InvoiceId"] == "" && x["x_Estimated"] == "true");

        var preview = await OpsOutcome.RunAsync(app, "billing", "run", "--period", "2026-01", "--preview", "--json");
        JsonNode.Parse(preview.Output)!["totals"]![0]!["net"]!["amount"]!.ToString().ShouldBe("167.43", preview.Errors);
        var run = await OpsOutcome.RunAsync(app, "billing", "run", "--period", "2026-01", "--issue", "--json");
        run.ExitCode.ShouldBe(0, run.Errors);
        (JsonNode.Parse(run.Output)!["state"]!.ToString(), (int)JsonNode.Parse(run.Output)!["result"]!["issued"]!).ShouldBe(("Finished", 1));
        (await OpsOutcome.RunAsync(app, "billing", "run", "--period", "2026-01", "--issue", "--preview")).ExitCode.ShouldBe(2);
        var status = await OpsOutcome.RunAsync(app, "billing", "status");
        status.Output.ShouldContain("2026-01");
        status.Output.ShouldContain("Finished");
        JsonNode.Parse((await OpsOutcome.RunAsync(app, "billing", "status", "--period", "2026-01", "--json")).Output)!.AsArray().Count.ShouldBe(1);
        (await OpsOutcome.RunAsync(app, "billing", "verify", "--json")).ExitCode.ShouldBe(0);
        // The journal of the month of issue is not over, that of the month before is.
        (await OpsOutcome.RunAsync(app, "billing", "export", "--period", "2026-02", "--out", journal)).Errors
            .ShouldContain("The period ends on 2026-03-01");
        var exported = await OpsOutcome.RunAsync(app, "billing", "export", "--period", "2026-01", "--out", journal, "--json");
        exported.ExitCode.ShouldBe(0, exported.Errors);
        JsonNode.Parse(exported.Output)!["bytes"]!.GetValue<long>().ShouldBe(new FileInfo(journal).Length);

        using var partner = branch.As(Roles.PartnerReader);
        var csv = await (await partner.GetAsync("/api/v1/exports/focus?period=2026-01", ct)).Content.ReadAsStringAsync(ct);
        await File.WriteAllTextAsync(file, csv, ct);
        var rows = Rows(file);
        rows.Select(x => Without(x, "InvoiceId", "x_Estimated")).ShouldBe(estimated);
        csv.Split("\r\n")[0].Split(',').Except(Mandatory).Count().ShouldBe(csv.Split("\r\n")[0].Split(',').Length - Mandatory.Length);
        var invoice = (await ItemsAsync(partner, "/api/v1/invoices")).ShouldHaveSingleItem();
        rows.ShouldAllBe(x => x["InvoiceId"] == invoice.Text("number"));
        rows.Sum(x => decimal.Parse(x["BilledCost"], CultureInfo.InvariantCulture)).ShouldBe(decimal.Parse(invoice.Amount("total")));
        rows.Select(x => $"{x["ChargeCategory"]} {x["ChargePeriodStart"]} {x["PricingQuantity"]} {x["PricingUnit"]} {x["ContractedUnitPrice"]} "
            + $"{x["ContractedCost"]} {x["SkuPriceId"]}").ShouldBe(
        [
            "Purchase 2026-01-05T00:00:00Z 1 Units 8.71 8.71 billed/base", "Tax 2026-01-05T00:00:00Z    1.74 ",
            "Purchase 2026-01-05T00:00:00Z 5 Units 8.71 43.55 billed/seats", "Tax 2026-01-05T00:00:00Z    8.71 ",
            "Usage 2026-01-10T00:00:00Z 7 Calls made 9.583333333333 67.08 billed/calls",
            "Usage 2026-01-15T00:00:00Z 5 Calls made 9.583333333333 47.92 billed/calls", "Tax 2026-01-10T00:00:00Z    23.00 ",
            "Usage 2026-01-12T00:00:00Z 3.333 GB 0.05 0.17 STORAGE", "Tax 2026-01-12T00:00:00Z    0.04 ",
        ]);
        (rows[0]["SubAccountId"], rows[0]["BillingAccountId"], rows[0]["BillingPeriodStart"], rows[0]["BillingPeriodEnd"])
            .ShouldBe((branch.Tenant.ExternalId, branch.Partner.ExternalId, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"));
        rows.ShouldAllBe(x => Mandatory.Except(new[] { "ChargeClass", "PricingQuantity", "PricingUnit" }).All(column => x[column].Length > 0));
        rows.ShouldAllBe(x => (x["PricingQuantity"].Length > 0) == (x["ChargeCategory"] != "Tax"));

        // To another tenant, and by each day and by the month the sums are the same.
        foreach (var granularity in (string[])["day", "month"])
        {
            var to = await app.TenantAsync(branch.Platform, branch.Partner);
            await app.SubscribeAsync(platform, to, startDate: "2026-01-05");
            var path = $"/api/v1/exports/focus?period=2026-01&granularity={granularity}&tenantId={branch.Tenant.Id.Value}";
            var given = await (await partner.GetAsync(path, ct)).Content.ReadAsStringAsync(ct);
            // By month a line starts with its month, before the subscription does.
            given = given.Replace($",{branch.Tenant.ExternalId},", $",{to.ExternalId},").Replace("2026-01-01T00:00:00Z,", "2026-01-05T00:00:00Z,");
            await File.WriteAllTextAsync(file, given, ct);
            var imported = await OpsOutcome.RunAsync(app, "usage", "import", file, "--json");
            imported.ExitCode.ShouldBe(0, imported.Output);
            (await TotalsAsync(to)).ShouldBe(["calls 12", "gb eu 3.333"], granularity);
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task<List<string>> TotalsAsync(OrganizationRef tenant) => await app.InAsync<IUsageTotals, List<string>>(async totals =>
    {
        var month = Period.Month(2026, 1);
        await totals.CatchUpAsync(month, CancellationToken.None);
        return [.. (await totals.OfTenantsAsync(month, [tenant.Id], CancellationToken.None)).Select(
            x => string.Join(' ', new[] { x.Meter, x.Region, x.Quantity.ToString() }.Where(text => text.Length > 0)))];
    });

    private static List<FocusRow> Rows(string file)
    {
        using var text = new StreamReader(file);
        return [.. FocusRow.Read(text)];
    }

    private static string Without(FocusRow row, params string[] columns) => string.Join('|', Columns.Except(columns).Select(column => row[column]));

    private static IEnumerable<string> Columns => Mandatory.Concat(
        ["ChargeFrequency", "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice", "ListUnitPrice", "PricingCategory", "PricingCurrency",
            "RegionId", "SkuId", "SkuMeter", "SkuPriceId", "SubAccountId", "SubAccountName", "InvoiceId", "x_Estimated", "x_Meter",
            "x_SubscriptionId", "x_TenantId"]);
}

public sealed class FocusBarTests(LivedApp app) : IClassFixture<LivedApp>
{
    [Fact]
    public async Task Another_branch_gets_the_header_alone_and_the_bar_moves_with_the_tenants()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        for (var i = 0; i < 3; i++)
            await app.SubscribeAsync(platform, await app.TenantAsync(branch.Platform, branch.Partner));
        using var stranger = (await app.BranchAsync()).As(Roles.DistributorReader);
        (await (await stranger.GetAsync("/api/v1/exports/focus?period=2026-01")).Content.ReadAsStringAsync())
            .Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1);
        (await (await stranger.GetAsync("/api/v1/exports/focus")).CodeAsync()).ShouldBe("invalid_period");

        var told = new List<(long Done, long All)>();
        var file = Path.GetTempFileName();
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var given = new Dictionary<string, IReadOnlyList<string>> { ["--period"] = ["2026-01"], ["--out"] = [file] };
        var call = new OpsCall(scope.ServiceProvider, given)
        {
            Progress = (done, all) => told.Add((done, all)),
        };
        (await app.Services.GetServices<OpsCommand>().Single(x => x.Name == "usage export").RunAsync(call, TestContext.Current.CancellationToken))
            .Refusal.ShouldBeNull();
        told.Count.ShouldBeGreaterThanOrEqualTo(3);
        told[^1].Done.ShouldBe(told[^1].All);
        File.Delete(file);
    }
}

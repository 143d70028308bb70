using System.Text.Json.Nodes;

namespace Licensing.Usage.Tests.Focus;

public sealed class ImportFocusTests(UsageApp app) : IClassFixture<UsageApp>
{
    private const string Header = "ChargeCategory,SubAccountId,ChargePeriodStart,ChargePeriodEnd,RegionId,ResourceId,ConsumedQuantity,ConsumedUnit,"
        + "PricingQuantity,PricingUnit,SkuId,SkuPriceId";

    [Fact]
    public async Task A_file_is_imported_once_however_often_and_its_faults_are_told_by_row()
    {
        var customer = await CustomerAsync();
        var tenant = customer.Tenant.ExternalId;
        using var file = new TemporaryFile(Header, [
            $"Usage,{tenant},2026-01-02T00:00:00Z,2026-01-02T01:00:00Z,eu,vm-1,,,2.50,Sum,s1,s1.p1",
            $"Usage,{tenant},2026-01-02 01:00:00,2026-01-02 02:00:00,,,7,Sum,,,s1,s1.p1",
            $"Usage,{tenant},2026-01-02T02:00:00Z,2026-01-02T03:00:00Z,,,,,1e-05,Sum,s1,",
            $"Tax,{tenant},2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,,,,,1,Sum,s1,s1.p1",
            "Usage,nobody,2026-01-02T00:00:00Z,2026-01-02T01:00:00Z,,,,,1,Sum,s1,s1.p1",
            $"Usage,{tenant},yesterday,2026-01-02T01:00:00Z,,,,,1,Sum,s1,s1.p1",
        ]);

        var dry = await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--dry-run", "--json");
        dry.ExitCode.ShouldBe(1);
        Lines(dry).ShouldBe(["6 subscription_not_found", "7 invalid_time", " total"]);
        (await customer.StoredAsync()).ShouldBe(0);

        var first = await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--json");
        Lines(first).ShouldBe(["6 subscription_not_found", "7 invalid_time", " total"], first.Errors);
        first.Output.ShouldContain("6 rows: 3 accepted, 0 duplicates, 2 rejected, 1 not usage");
        (await app.TotalsAsync(customer.Tenant, Customer.January)).Select(t => $"{t.Meter} {t.Sku} {t.Region} {t.Quantity}")
            .ShouldBe(["sum s1.p1  7", "sum s1.p1 eu 2.5", "sum s1/Sum  0.00001"]);
        (await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--json")).Output
            .ShouldContain("6 rows: 0 accepted, 3 duplicates, 2 rejected, 1 not usage");
        (await customer.StoredAsync()).ShouldBe(3);
    }

    [Fact]
    public async Task What_was_broken_off_goes_on_and_other_columns_change_no_id()
    {
        var customer = await CustomerAsync();
        string Row(int i, string before = "") =>
            $"{before}Usage,{customer.Tenant.ExternalId},2026-01-{1 + i % 14:00}T00:00:00Z,2026-01-{1 + i % 14:00}T01:00:00Z,"
            + $",vm-{i},,,{i},Sum,s1,s1.p1";
        using var half = new TemporaryFile(Header, Enumerable.Range(0, 1_500).Select(i => Row(i)));
        (await OpsOutcome.RunAsync(app, "usage", "import", half.Path)).ExitCode.ShouldBe(0);
        // The same rows with another column, empty, in front.
        using var whole = new TemporaryFile("Tags," + Header, Enumerable.Range(0, 2_300).Select(i => Row(i, ",")));
        var rest = await OpsOutcome.RunAsync(app, "usage", "import", whole.Path, "--json");
        rest.ExitCode.ShouldBe(0, rest.Errors);
        var done = JsonNode.Parse(rest.Output)!;
        ((int)done["rows"]!, (int)done["accepted"]!, (int)done["duplicates"]!).ShouldBe((2_300, 800, 1_500));
        (await customer.StoredAsync()).ShouldBe(2_300);
    }

    [Fact]
    public async Task What_comes_again_invoiced_is_the_same_usage_and_another_quantity_is_not()
    {
        var customer = await CustomerAsync();
        string Row(string money, string quantity) =>
            $"{money},Usage,{customer.Tenant.ExternalId},2026-01-03T00:00:00Z,2026-01-03T01:00:00Z,,vm-1,,,{quantity},Sum,s1,s1.p1";
        async Task<(int, int)> ImportAsync(params string[] rows)
        {
            using var file = new TemporaryFile(
                "InvoiceId,BilledCost,ListUnitPrice,ServiceName,BillingCurrency,Tags,x_Estimated," + Header, rows);
            var outcome = await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--json");
            outcome.ExitCode.ShouldBe(0, outcome.Errors);
            var done = JsonNode.Parse(outcome.Output)!;
            return ((int)done["accepted"]!, (int)done["duplicates"]!);
        }

        (await ImportAsync(Row(",,,,,,true", "7"))).ShouldBe((1, 0));
        (await ImportAsync(Row("INV-1,0.35,0.05,Storage,EUR,{},false", "7"))).ShouldBe((0, 1));
        (await ImportAsync(Row("INV-1,0.40,0.05,Storage,EUR,{},false", "8"), Row("INV-2,0.39,0.06,Blobs,USD,{},false", "7"))).ShouldBe((1, 1));
        (await customer.StoredAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_file_that_is_not_focus_is_refused()
    {
        using var file = new TemporaryFile("a,b", ["1,2"]);
        var outcome = await OpsOutcome.RunAsync(app, "usage", "import", file.Path);
        outcome.ExitCode.ShouldBe(2);
        outcome.Errors.ShouldContain("lacks the column SubAccountId, ChargePeriodStart, ChargePeriodEnd, PricingQuantity, SkuPriceId");
        (await OpsOutcome.RunAsync(app, "usage", "import", file.Path + "x")).ExitCode.ShouldBe(2);
    }

    // Its one subscription with price lists is where the rows go.
    private async Task<Customer> CustomerAsync()
    {
        var branch = await app.BranchAsync();
        return new Customer(app, branch, branch.Tenant, await app.SubscribeAsync(branch, branch.Tenant, usesPriceLists: true));
    }

    private static IEnumerable<string> Lines(OpsOutcome outcome) =>
        JsonNode.Parse(outcome.Output)!.AsArray().Select(l => $"{l!["row"]} {l["code"]}");

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string header, IEnumerable<string> rows) => File.WriteAllLines(Path, rows.Prepend(header));

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}

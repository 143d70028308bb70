using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

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
    public async Task Rows_that_say_the_same_of_the_usage_all_count_once_however_often_and_in_which_order_the_file_comes()
    {
        var customer = await CustomerAsync();
        string Row(string money, string quantity) =>
            $"{money},Usage,{customer.Tenant.ExternalId},2026-01-04T00:00:00Z,2026-01-04T01:00:00Z,,vm-1,,,{quantity},Sum,s1,s1.p1";
        // More rows between them than are read at once.
        var others = Enumerable.Range(1, 1_200).Select(i => Row("1,{}", $"{i}.5")).ToList();
        string[] alike = [Row("1,team=a", "7"), Row("2,team=b", "7.0"), Row("3,team=c", "7")];
        async Task<string> ImportAsync(IEnumerable<string> rows, params string[] more)
        {
            using var file = new TemporaryFile("BilledCost,Tags," + Header, rows);
            var outcome = await OpsOutcome.RunAsync(app, ["usage", "import", file.Path, "--json", .. more]);
            outcome.ExitCode.ShouldBe(0, outcome.Output);
            var done = JsonNode.Parse(outcome.Output)!;
            return $"{done["accepted"]} {done["duplicates"]}";
        }

        (await ImportAsync([alike[0], .. others, alike[1], alike[2]], "--dry-run")).ShouldBe("1203 0");
        (await ImportAsync([alike[0]])).ShouldBe("1 0");
        (await ImportAsync([alike[0], .. others, alike[1], alike[2]])).ShouldBe("1202 1");
        (await ImportAsync([alike[2], alike[0], .. others, Row("9,team=z", "7")])).ShouldBe("0 1203");
        (await customer.StoredAsync()).ShouldBe(1_203);
        (await app.SqlAsync<string>("select trim_scale(sum(quantity))::text from usage.records where tenant_id = $1 and quantity = 7",
            customer.Tenant.Id.Value)).ShouldBe("21");
    }

    [Fact]
    public async Task A_row_that_names_a_subscription_of_its_tenant_is_of_that_one_and_money_taken_back_is_no_usage()
    {
        var customer = await CustomerAsync();
        var second = await app.SubscribeAsync(customer.Branch, customer.Tenant, usesPriceLists: true);
        var other = await CustomerAsync();
        string Row(string subscription, string quantity, string tenant, string @class = "") =>
            $"{subscription},{@class},Usage,{tenant},2026-01-05T00:00:00Z,2026-01-05T01:00:00Z,,,,,{quantity},Sum,s1,s1.p1";
        using var file = new TemporaryFile("x_SubscriptionId,ChargeClass," + Header, [
            Row($"{second}", "1", customer.Tenant.ExternalId), Row($"{customer.Subscription}", "2", customer.Tenant.ExternalId),
            // Of another installation, of another tenant here, and of nobody that says which.
            Row("00000000-0000-7000-8000-000000000001", "4", other.Tenant.ExternalId), Row($"{second}", "8", other.Tenant.ExternalId),
            Row("", "16", customer.Tenant.ExternalId), Row("", "", customer.Tenant.ExternalId, "Correction"),
        ]);
        var outcome = await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--json");
        Lines(outcome).ShouldBe(["6 subscription_ambiguous", " total"]);
        outcome.Output.ShouldContain("6 rows: 4 accepted, 0 duplicates, 1 rejected, 1 not usage");
        async Task<string?> OfAsync(Guid subscription) => await app.SqlAsync<string>(
            "select string_agg(trim_scale(quantity)::text, ' ' order by quantity) from usage.records where subscription_id = $1", subscription);
        (await OfAsync(second), await OfAsync(customer.Subscription), await OfAsync(other.Subscription)).ShouldBe(("1", "2", "4 8"));
    }

    [Fact]
    public async Task External_ids_that_two_partners_use_are_found_below_the_one_that_is_named()
    {
        var customer = await CustomerAsync();
        using var administrator = customer.Branch.Administrator();
        var besides = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
        using (var opened = await administrator.PostAsJsonAsync(
            "/api/v1/tenants", new { partnerId = besides.Id.Value, externalId = customer.Tenant.ExternalId, displayName = "The same" }))
            opened.EnsureSuccessStatusCode();
        using var file = new TemporaryFile(
            Header, [$"Usage,{customer.Tenant.ExternalId},2026-01-06T00:00:00Z,2026-01-06T01:00:00Z,,,,,3,Sum,s1,s1.p1"]);
        Lines(await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--json")).ShouldBe(["2 subscription_ambiguous", " total"]);
        Lines(await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--organization", $"{besides.Id.Value}", "--json"))
            .ShouldBe(["2 subscription_not_found", " total"]);
        var nobody = await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--organization", $"{Guid.Empty}");
        (nobody.ExitCode, await customer.StoredAsync()).ShouldBe((2, 0));
        var found = await OpsOutcome.RunAsync(
            app, "usage", "import", file.Path, "--organization", $"{customer.Branch.Partner.Id.Value}", "--json");
        found.ExitCode.ShouldBe(0, found.Output);
        (await customer.StoredAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task A_subscription_of_another_partners_tenant_of_the_same_external_id_is_none_of_the_rows_tenant()
    {
        var (customer, ct) = (await CustomerAsync(), TestContext.Current.CancellationToken);
        using var administrator = customer.Branch.Administrator();
        var besides = await app.PartnerAsync(customer.Branch.Platform, customer.Branch.Distributor);
        using var opened = await administrator.PostAsJsonAsync(
            "/api/v1/tenants", new { partnerId = besides.Id.Value, externalId = customer.Tenant.ExternalId, displayName = "The same" }, ct);
        var id = new OrganizationId((await opened.JsonAsync()).GetProperty("id").GetGuid());
        var twin = (await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(id, ct)))!;
        var theirs = customer with { Tenant = twin, Subscription = await app.SubscribeAsync(customer.Branch, twin, usesPriceLists: true) };
        using var file = new TemporaryFile("x_SubscriptionId," + Header, [
            $"{customer.Subscription},Usage,{twin.ExternalId},2026-01-07T00:00:00Z,2026-01-07T01:00:00Z,,,,,3,Sum,s1,s1.p1"]);

        var outcome = await OpsOutcome.RunAsync(app, "usage", "import", file.Path, "--organization", $"{besides.Id.Value}");
        outcome.ExitCode.ShouldBe(0, outcome.Output);
        (await theirs.StoredAsync(), await customer.StoredAsync()).ShouldBe((1, 0));
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

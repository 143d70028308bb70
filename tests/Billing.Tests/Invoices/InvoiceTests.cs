using System.Net;
using System.Text.Json;
using Licensing.Billing.Tests.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

public sealed class InvoiceTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact]
    public async Task Numbers_have_no_gaps_whoever_issues()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("gapless", [Flat("base", "10")]);
        for (var i = 0; i < 8; i++)
            app.Subscribe(await app.TenantAsync(branch.Platform, branch.Partner), plan, "2024-01");
        (await app.BillAsync("2024-01", issue: false)).GetProperty("result").GetProperty("issued").GetInt32().ShouldBe(0);

        using var platform = branch.Administrator();
        var drafts = await ItemsAsync(platform, "/api/v1/invoices?period=2024-01&status=draft");
        drafts.Count.ShouldBe(8);
        // Each of six twice at once, while a run issues what is left.
        var paths = drafts.Take(6).Select(x => $"/api/v1/invoices/{x.GetProperty("id").GetString()}/issue").ToList();
        await StartAsync(platform, "2024-01");
        var issuing = paths.Concat(paths).Select(path => platform.PostAsync(path, null)).ToList();
        await Task.WhenAll(Task.WhenAll(issuing), app.DrainAsync());
        await app.DrainAsync();
        foreach (var answer in issuing.Select(x => x.Result).Where(x => !x.IsSuccessStatusCode))
            new[]
            {
                (HttpStatusCode.Conflict, "invoice_not_draft"),
                // The run had drawn this draft anew, under another id, before it was asked for.
                (HttpStatusCode.NotFound, "invoice_not_found"),
            }.ShouldContain((answer.StatusCode, (await answer.CodeAsync())!));

        (await ItemsAsync(platform, "/api/v1/invoices?period=2024-01&status=issued")).Count.ShouldBe(8);
        await BillingRunTests.NumbersAreGaplessAsync(platform);
    }

    [Fact]
    public async Task The_database_refuses_to_bill_twice_and_to_change_what_is_issued()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("once", [Flat("base", "10")]), "2024-02");
        await app.BillAsync("2024-02", issue: false);
        using var platform = branch.Administrator();
        var id = (await ItemsAsync(platform, $"/api/v1/invoices?period=2024-02&tenantId={branch.Tenant.Id.Value}"))[0].GetProperty("id").GetString();

        const string Columns = """
            tenant_id, subscription_id, charge_key, meter, sku, region, is_usage, starts_on, ends_on, description, quantity, days, period_days,
            unrounded, currency, net, tax, tax_category, tax_percent, steps
            """;
        string Again(string columns) =>
            $"""
            insert into billing.invoice_lines (invoice_id, position, {Columns})
            select invoice_id, 2, {columns} from billing.invoice_lines where invoice_id = '{id}'
            """;
        (await RefusedAsync(Again(Columns))).ConstraintName.ShouldBe("invoice_lines_billed_once");
        (await RefusedAsync($"""
            insert into billing.invoices (
                id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact,
                line_count, taxes, status, created_at, version)
            select gen_random_uuid(), tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact,
                line_count, taxes, status, created_at, version from billing.invoices where id = '{id}'
            """)).ConstraintName.ShouldBe("invoices_one_per_tenant_and_period");
        (await RefusedAsync($"update billing.invoices set status = 'Paid', number = 'none' where id = '{id}'")).SqlState
            .ShouldBe(PostgresErrorCodes.RestrictViolation);
        (await RefusedAsync($"update billing.invoices set status = 'Issued' where id = '{id}'")).ConstraintName
            .ShouldBe("invoices_number_when_issued");

        await Sent(await platform.PostAsync($"/api/v1/invoices/{id}/issue", null));
        foreach (var change in new[]
        {
            $"update billing.invoices set net = net + 1, total = total + 1 where id = '{id}'",
            $"update billing.invoices set number = '1-2026-999999' where id = '{id}'",
            $"delete from billing.invoices where id = '{id}'",
            $"update billing.invoice_lines set net = net + 1 where invoice_id = '{id}'",
            $"delete from billing.invoice_lines where invoice_id = '{id}'",
            Again(Columns.Replace("charge_key", "'other'")),
        })
            (await RefusedAsync(change)).SqlState.ShouldBe(PostgresErrorCodes.RestrictViolation, change);
    }

    [Fact]
    public async Task Another_branch_finds_nothing()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        app.Subscribe(branch.Tenant, await app.PlanAsync("branch", [Flat("base", "10")]), "2024-03");
        await app.BillAsync("2024-03");
        using var own = branch.As(Roles.TenantAdministrator);
        var id = (await ItemsAsync(own, "/api/v1/invoices?period=2024-03")).ShouldHaveSingleItem().GetProperty("id").GetString();
        (await GetAsync(own, $"/api/v1/invoices/{id}")).GetProperty("status").GetString().ShouldBe("Issued");

        using var sibling = branch.As(Roles.PartnerReader, await app.PartnerAsync(branch.Platform, branch.Distributor));
        using var stranger = other.As(Roles.DistributorAdministrator);
        using var platform = branch.Administrator();
        foreach (var client in new[] { sibling, stranger })
        {
            (await client.GetAsync($"/api/v1/invoices/{id}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/invoices/{id}/lines")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await ItemsAsync(client, "/api/v1/invoices?period=2024-03")).ShouldBeEmpty();
            (await client.GetAsync($"/api/v1/invoices?partnerId={branch.Partner.Id.Value}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await ItemsAsync(client, "/api/v1/billing/summary?period=2024-03")).ShouldBeEmpty();
            (await client.PostAsync($"/api/v1/invoices/{id}/issue", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        }

        (await ItemsAsync(platform, $"/api/v1/invoices?period=2024-03&partnerId={branch.Partner.Id.Value}")).Count.ShouldBe(1);
        (await ItemsAsync(platform, $"/api/v1/invoices?period=2024-03&partnerId={other.Partner.Id.Value}")).ShouldBeEmpty();
        (await platform.PostAsync($"/api/v1/invoices/{id}/issue", null)).StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await platform.PostAsync($"/api/v1/invoices/{Guid.Empty}/issue", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await platform.GetAsync("/api/v1/invoices?period=march")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_summary_says_before_the_run_what_the_invoices_say_after_it()
    {
        var branch = await app.BranchAsync();
        var second = await app.TenantAsync(branch.Platform, branch.Partner);
        var plan = await app.PlanAsync("summary", [Flat("base", "9.99"), Seats("3.33")], usesPriceLists: true);
        var one = app.Subscribe(branch.Tenant, plan, "2024-05", seats: 7);
        app.Usage.Add(branch.Tenant, one, "2024-05-02", "gb", "1.234567", "STORAGE");
        app.Subscribe(branch.Tenant, plan, "2024-05-10/2024-06-01", seats: 1);
        app.Subscribe(second, plan, "2024-05", seats: 2);

        using var partner = branch.As(Roles.PartnerReader);
        foreach (var group in new[] { "subscription", "tenant", "partner", "distributor" })
            Told(await GetAsync(partner, $"/api/v1/billing/summary?period=2024-05&groupBy={group}"), estimated: true).ShouldBe(Expected(group));
        await app.BillAsync("2024-05");
        foreach (var group in new[] { "subscription", "tenant", "partner", "distributor" })
            Told(await GetAsync(partner, $"/api/v1/billing/summary?period=2024-05&groupBy={group}"), estimated: false).ShouldBe(Expected(group));

        var invoices = await ItemsAsync(partner, "/api/v1/invoices?period=2024-05");
        invoices.Select(x => x.GetProperty("net").GetProperty("amount").GetString()).Order(StringComparer.Ordinal).ShouldBe(["16.65", "42.81"]);
        var paged = await GetAsync(partner, "/api/v1/billing/summary?period=2024-05&groupBy=tenant&limit=1");
        paged.GetProperty("items").GetArrayLength().ShouldBe(1);
        (await ItemsAsync(partner, $"/api/v1/billing/summary?period=2024-05&groupBy=tenant&limit=1&after={paged.GetProperty("next").GetString()}"))
            .ShouldHaveSingleItem().GetProperty("externalId").GetString().ShouldBe(second.ExternalId);
    }

    [Fact]
    public async Task A_summary_names_nobody_above_the_caller()
    {
        var branch = await app.BranchAsync();
        app.Subscribe(branch.Tenant, await app.PlanAsync("above", [Flat("base", "10")]), "2024-06");
        foreach (var (role, own) in new[]
        {
            (Roles.TenantAdministrator, branch.Tenant), (Roles.PartnerReader, branch.Partner), (Roles.DistributorReader, branch.Distributor),
        })
        {
            using var client = branch.As(role);
            var item = (await ItemsAsync(client, "/api/v1/billing/summary?period=2024-06&groupBy=distributor")).ShouldHaveSingleItem();
            (item.GetProperty("key").GetString(), item.GetProperty("organizationId").GetGuid(), item.GetProperty("name").GetString())
                .ShouldBe((own.Path, own.Id.Value, own.DisplayName), role);
        }
    }

    // 9.99 + 23.31 + 0.06 (0.06172835), 22 days of 9.99 and 3.33 (7.09 + 2.36), 9.99 + 6.66.
    private static string[] Expected(string group) => group switch
    {
        "subscription" => ["16.65", "33.36", "9.45", "59.46 0.06172835"],
        "tenant" => ["16.65", "42.81", "59.46 0.06172835"],
        _ => ["59.46", "59.46 0.06172835"],
    };

    private static string[] Told(JsonElement summary, bool estimated)
    {
        summary.GetProperty("estimated").GetBoolean().ShouldBe(estimated);
        var items = summary.GetProperty("items").EnumerateArray().ToList();
        items.Sum(x => decimal.Parse(x.GetProperty("tax").GetProperty("amount").GetString()!)).ShouldBe(11.89m);
        var total = summary.GetProperty("totals").EnumerateArray().ShouldHaveSingleItem();
        return
        [
            .. items.Select(x => x.GetProperty("net").GetProperty("amount").GetString()!).Order(StringComparer.Ordinal),
            $"{total.GetProperty("net").GetProperty("amount").GetString()} {total.GetProperty("usageExact").GetString()}",
        ];
    }

    private async Task<PostgresException> RefusedAsync(string sql) => await app.InAsync<DbSession, PostgresException>(async session =>
    {
        await using var command = new NpgsqlCommand(sql, await session.OpenAsync(CancellationToken.None));
        return await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
    });
}

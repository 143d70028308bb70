using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Credit that comes by itself.</summary>
public sealed class TopUpRuleTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_topped_up_when_it_falls_below_as_often_as_the_month_allows()
    {
        await app.ToStartOfMonthAsync();
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        await distributor.AddAsync(branch.Partner, "start", euros: 20).OkAsync();
        await distributor.RuleAsync(branch.Partner, below: 10, amount: 15, timesPerMonth: 2).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("20.00");

        await partner.TakeAsync(branch.Partner, "1", euros: 10).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("10.00");
        await partner.TakeAsync(branch.Partner, "2", euros: 0.01m).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("24.99");
        await partner.TakeAsync(branch.Partner, "3", euros: 20).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("19.99");
        await partner.TakeAsync(branch.Partner, "4", euros: 19).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("0.99");
        await partner.TakeAsync(branch.Partner, "5", euros: 0.99m).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("0.00");
        var month = $"{app.Now:yyyy-MM}";
        (await AutomaticAsync(branch.Partner)).ShouldBe([$"auto:EUR:{month}:1", $"auto:EUR:{month}:2"]);

        // The next month begins, and nothing else happens.
        app.Clock.Advance(new DateTimeOffset(app.Now.Year, app.Now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1).AddSeconds(-1) - app.Now);
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("0.00");
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("15.00");
        (await AutomaticAsync(branch.Partner)).Count.ShouldBe(3);
        await app.ProvenAsync();
    }

    [Fact]
    public async Task What_is_small_comes_again_until_it_is_enough_and_no_more_than_the_month_may_have()
    {
        await app.ToStartOfMonthAsync();
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await platform.RuleAsync(branch.Tenant, below: 10, amount: 4, timesPerMonth: 100, amountPerMonth: 14, unit: "credits").OkAsync();
        await app.DrainAsync();
        // What is below already is topped up at once.
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("12");
        await platform.TakeAsync(branch.Tenant, "all", credits: 12).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("0");
        // Raised it goes on; made anew it does not begin anew.
        await platform.RuleAsync(branch.Tenant, below: 3, amount: 4, timesPerMonth: 100, amountPerMonth: 16, unit: "credits").OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("4");
        var rule = (await platform.ListAsync($"/top-up-rules?organizationId={branch.Tenant.Id.Value}")).Single();
        (await platform.DeleteAsync($"/api/v1/credit/top-up-rules/{rule.GetProperty("id").GetGuid()}", Ct)).StatusCode
            .ShouldBe(HttpStatusCode.NoContent);
        await platform.TakeAsync(branch.Tenant, "four", credits: 4).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("0");
        await platform.RuleAsync(branch.Tenant, below: 3, amount: 4, timesPerMonth: 4, unit: "credits").OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("0");
        await platform.RuleAsync(branch.Tenant, below: 3, amount: 4, timesPerMonth: 5, unit: "credits", active: false).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("0");
        await platform.RuleAsync(branch.Tenant, below: 3, amount: 4, timesPerMonth: 5, unit: "credits").OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("4");
        (await branch.LotsOfAsync(branch.Tenant)).ShouldStartWith("4 in 36");
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Two_processes_that_look_at_once_and_a_message_that_comes_twice_top_up_once()
    {
        await app.ToStartOfMonthAsync();
        var branch = await app.BranchAsync();
        await using var second = await app.StartSecondHostAsync();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        await platform.AddAsync(branch.Partner, "start", euros: 100).OkAsync();
        await platform.RuleAsync(branch.Partner, below: 50, amount: 100, timesPerMonth: 50).OkAsync();

        for (var round = 0; round < 5; round++)
        {
            var debits = Enumerable.Range(0, 40)
                .Select(i => Task.Run(() => partner.TakeAsync(branch.Partner, $"{round} {i}", euros: 2.5m), Ct)).ToList();
            await Task.WhenAll(
                Task.WhenAll(debits), Task.Run(app.DrainAsync, Ct), Task.Run(second.DrainAsync, Ct), Task.Run(app.DrainAsync, Ct));
            // As messages do that are delivered once more.
            await app.RowsAsync($"""
                with rule as (select id from billing.top_up_rules where owner_id = '{branch.Partner.Id.Value}'), again as (
                    insert into billing.outbox (id, message_id, name, subscriber, body, occurred_at, deliver_at)
                    select gen_random_uuid(), gen_random_uuid(), 'billing.top-up-due.v1', 'billing.top_up_when_due', jsonb_build_object('ruleId', id),
                        '{app.Now:O}', '{app.Now:O}'
                    from rule cross join generate_series(1, 4) returning 1)
                select count(*)::text from again
                """);
            await Task.WhenAll(Task.Run(app.DrainAsync, Ct), Task.Run(second.DrainAsync, Ct));
            foreach (var debit in debits)
                (await debit).StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.PaymentRequired);
        }

        var added = await AutomaticAsync(branch.Partner);
        added.Select(x => x.Split(':')[^1]).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(1, added.Count).Select(x => $"{x}").Order(StringComparer.Ordinal));
        var balance = decimal.Parse(await branch.BalanceAsync(branch.Partner), System.Globalization.CultureInfo.InvariantCulture);
        // Each once: never above what one of them makes of just too little.
        balance.ShouldBeInRange(50m, 150m);
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Who_may_top_up_by_hand_may_say_so_and_nobody_else()
    {
        var (branch, far) = (await app.BranchAsync(), await app.BranchAsync());
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await (await partner.RuleAsync(branch.Partner, 1, 1, 1)).CodeAsync()).ShouldBe("not_the_giver");
        (await (await partner.RuleAsync(branch.Tenant, 1, 1, 1)).CodeAsync()).ShouldBe("not_the_giver");
        (await (await far.As(Roles.PartnerAdministrator).RuleAsync(branch.Tenant, 1, 1, 1, unit: "credits")).FieldErrorAsync())
            .ShouldBe(("/organizationId", "not_an_account"));
        (await branch.As(Roles.PartnerReader).RuleAsync(branch.Tenant, 1, 1, 1, unit: "credits")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await partner.RuleAsync(branch.Tenant, 1, 1, 1, unit: "credits").OkAsync();
        await branch.As(Roles.DistributorAdministrator).RuleAsync(branch.Partner, 1, 1, 1).OkAsync();
        var own = (await partner.ListAsync($"/top-up-rules?organizationId={branch.Partner.Id.Value}")).Single().GetProperty("id").GetGuid();
        (await (await partner.DeleteAsync($"/api/v1/credit/top-up-rules/{own}", Ct)).CodeAsync()).ShouldBe("not_the_giver");
        (await (await far.As(Roles.DistributorAdministrator).DeleteAsync($"/api/v1/credit/top-up-rules/{own}", Ct)).CodeAsync())
            .ShouldBe("top_up_rule_not_found");
        (await far.As(Roles.PartnerReader).ListAsync("/top-up-rules")).ShouldBeEmpty();

        using var bad = await branch.Administrator().RuleAsync(branch.Partner, below: 0, amount: 1.001m, timesPerMonth: 0, amountPerMonth: 1);
        (await bad.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => $"{e.GetProperty("pointer")} {e.GetProperty("code")}").Order()
            .ShouldBe(["/amount not_an_amount", "/amountPerMonth maximum_below_minimum", "/below not_an_amount", "/timesPerMonth out_of_range"]);
        foreach (var (unit, most) in new[] { ("EUR", 600.001m), ("points", 600.00001m), ("credits", 600.5m) })
        {
            using var finer = await branch.Administrator().RuleAsync(branch.Tenant, 1, 1, 1, most, unit);
            var error = (await finer.JsonAsync()).GetProperty("errors").EnumerateArray().ShouldHaveSingleItem();
            (error.GetProperty("pointer").GetString(), error.GetProperty("code").GetString()).ShouldBe(("/amountPerMonth", "not_an_amount"), unit);
            error.GetProperty("message").GetString()!.ShouldStartWith("amountPerMonth must be ");
        }

        await app.DrainAsync();
    }

    private Task<List<string>> AutomaticAsync(OrganizationRef owner) => app.RowsAsync(
        $"select reference from billing.ledger_transactions where owner_id = '{owner.Id.Value}' and starts_with(key, 'auto:') order by reference");
}

internal static class Months
{
    /// <summary>So that what is counted by months is of one.</summary>
    public static Task ToStartOfMonthAsync(this App app)
    {
        app.Clock.Advance(new DateTimeOffset(app.Now.Year, app.Now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1) - app.Now);
        return app.DrainAsync();
    }
}

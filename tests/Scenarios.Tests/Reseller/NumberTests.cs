using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Inbound numbers of accounts through the reseller service.</summary>
public sealed class NumberTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_number_is_found_allocated_released_and_quarantined()
    {
        var branch = await LoadedAsync("+493011000001", "+493011000002");
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var account = branch.Tenant.Code;

        var free = await reseller.DoAsync("SearchAvailableNumbers", new { AccountId = account, CountryCode = "DE", Contains = "3011", Count = 1 });
        free.ToJsonString().ShouldBe(
            """{"Numbers":[{"CountryCode":"DE","Number":"\u002B493011000001","Type":"Geographic"}]}""");
        var got = await reseller.DoAsync("AllocateInboundNumber", new { AccountId = account, Number = "+493011000001" });
        ((int?)got["AccountId"], (string?)got["Number"]).ShouldBe((account, "+493011000001"));
        (await reseller.DoAsync("GetInboundNumbers", new { AccountId = account }))["Numbers"]!.AsArray().Count.ShouldBe(1);
        (await reseller.CallAsync("AllocateInboundNumber", new { AccountId = account, Number = "+493011000001" })).Fault
            .ShouldBe("409 ConflictFaultContract The number +493011000001 cannot be had.");
        var held = new { AccountId = account, Number = "+493011000001" };
        (await reseller.DoAsync("ReleaseInboundNumber", held)).ContainsKey("AccountId").ShouldBeFalse();
        (await reseller.CallAsync("ReleaseInboundNumber", held)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await reseller.DoAsync("GetInboundNumbers", new { AccountId = account }))["Numbers"]!.AsArray().ShouldBeEmpty();
        var second = await app.TenantAsync(branch.Platform, branch.Partner);
        (await reseller.CallAsync("AllocateInboundNumber", new { AccountId = second.Code, held.Number })).Status.ShouldBe(HttpStatusCode.Conflict);
        app.Clock.Advance(TimeSpan.FromDays(30));
        (await reseller.CallAsync("AllocateInboundNumber", new { AccountId = second.Code, held.Number })).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Of_two_who_ask_for_one_number_at_once_one_gets_it()
    {
        var branch = await LoadedAsync("+493012000001");
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var second = await app.TenantAsync(branch.Platform, branch.Partner);

        var told = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => reseller.CallAsync(
            "AllocateInboundNumber", new { AccountId = i % 2 == 0 ? branch.Tenant.Code : second.Code, Number = "+493012000001" })));

        told.Count(t => t.Status == HttpStatusCode.OK).ShouldBe(1);
        told.Where(t => t.Status != HttpStatusCode.OK).ShouldAllBe(t => t.Fault.StartsWith("409 ConflictFaultContract"));
    }

    [Fact]
    public async Task Pages_go_on_and_what_cannot_be_read_is_refused_by_its_name()
    {
        var branch = await LoadedAsync("+493013000001", "+493013000002", "+493013000003");
        using var reseller = branch.As(Roles.PartnerAdministrator);
        foreach (var last in new[] { 1, 2, 3 })
            await reseller.DoAsync("AllocateInboundNumber", new { AccountId = branch.Tenant.Code, Number = $"+49301300000{last}" });

        var first = await reseller.DoAsync("GetInboundNumbers", new { AccountId = branch.Tenant.Code, PageSize = 2 });
        var next = await reseller.DoAsync("GetInboundNumbers", new { AccountId = branch.Tenant.Code, PageSize = 2, After = (string?)first["Next"] });
        (first["Numbers"]!.AsArray().Count, next["Numbers"]!.AsArray().Count, next.ContainsKey("Next")).ShouldBe((2, 1, false));
        foreach (var (method, asked, field) in new (string, object, string)[]
        {
            ("GetInboundNumbers", new { AccountId = branch.Tenant.Code, PageSize = 0 }, "PageSize"),
            ("GetInboundNumbers", new { AccountId = branch.Tenant.Code, After = "!" }, "After"),
            ("SearchAvailableNumbers", new { Count = 0 }, "Count"), ("SearchAvailableNumbers", new { CountryCode = "XX" }, "CountryCode"),
            ("SearchAvailableNumbers", new { Contains = "a" }, "Contains"),
            ("AllocateInboundNumber", new { AccountId = branch.Tenant.Code, Number = "030" }, "Number"),
        })
            (await reseller.CallAsync(method, asked)).Fault.ShouldEndWith($"Parameter name: {field}", Case.Sensitive, method);
    }

    [Fact]
    public async Task Anothers_account_has_no_numbers_here()
    {
        var (near, far) = (await app.BranchAsync(), await app.BranchAsync());
        using var reseller = near.As(Roles.PartnerAdministrator);
        var missing = $"404 NotFoundFaultContract There is no account {far.Tenant.Code}.";
        foreach (var method in new[] { "AllocateInboundNumber", "ReleaseInboundNumber" })
            (await reseller.CallAsync(method, new { AccountId = far.Tenant.Code, Number = "+493014000001" })).Fault.ShouldBe(missing);
        foreach (var method in new[] { "GetInboundNumbers", "SearchAvailableNumbers" })
            (await reseller.CallAsync(method, new { AccountId = far.Tenant.Code })).Fault.ShouldBe(missing);
    }

    private async Task<Branch> LoadedAsync(params string[] numbers)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        foreach (var number in numbers)
            (await platform.PostAsJsonAsync(
                "/api/v1/numbers", new { number, country = "DE", type = "Geographic", organizationId = branch.Partner.Id.Value }, Ct))
                .EnsureSuccessStatusCode();
        return branch;
    }
}

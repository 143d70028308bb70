using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Numbers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Numbers;

/// <summary>Many at once, over two hosts on one database.</summary>
public sealed class AllocationRaceTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Sixty_four_at_once_for_ten_numbers_get_exactly_ten()
    {
        var branch = await app.BranchAsync();
        var prefix = await LoadAsync(branch, 10);
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 3; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));

        var answers = await app.AtOnceAsync(
            branch.As(Roles.PartnerAdministrator), 64, (client, i) => client.AllocateAnyAsync(tenants[i % 4], 1, prefix));

        var winners = answers.Where(a => a.StatusCode is HttpStatusCode.OK).ToList();
        winners.Count.ShouldBe(10);
        (await NumbersOfAsync(winners)).ShouldBe(Enumerable.Range(100, 10).Select(i => $"{prefix}{i}"), ignoreOrder: true);
        (await CodesAsync(answers)).ShouldBe(["numbers_exhausted"]);
        await OneHolderEachAsync(prefix, 10);
    }

    [Fact]
    public async Task Of_two_racing_for_a_number_one_gets_it_and_the_other_is_told()
    {
        var branch = await app.BranchAsync();
        var prefix = await LoadAsync(branch, 5);

        for (var number = 100; number < 105; number++)
        {
            var answers = await app.AtOnceAsync(
                branch.As(Roles.PartnerAdministrator), 16, (client, _) => client.AllocateAsync(branch.Tenant, $"{prefix}{number}"));
            answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
            (await CodesAsync(answers)).ShouldBe(["number_not_available"]);
        }

        await OneHolderEachAsync(prefix, 5);
    }

    [Fact]
    public async Task Named_ones_in_any_order_and_any_ones_at_once_wait_for_each_other_in_no_ring()
    {
        var branch = await app.BranchAsync();
        var prefix = await LoadAsync(branch, 12);
        var all = Enumerable.Range(100, 12).Select(i => $"{prefix}{i}").ToArray();

        var answers = await app.AtOnceAsync(branch.As(Roles.PartnerAdministrator), 24, (client, i) => (i % 3) switch
        {
            0 => client.AllocateAsync(branch.Tenant, all),
            1 => client.AllocateAsync(branch.Tenant, [.. Enumerable.Reverse(all)]),
            _ => client.AllocateAnyAsync(branch.Tenant, 12, prefix),
        });

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        (await CodesAsync(answers)).Order().ShouldBe(["number_not_available", "numbers_exhausted"]);
        await OneHolderEachAsync(prefix, 12);
    }

    [Fact]
    public async Task What_another_holds_without_taking_it_is_waited_for()
    {
        var branch = await app.BranchAsync();
        var prefix = await LoadAsync(branch, 10);
        using var partner = branch.As(Roles.PartnerAdministrator);
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        var free = scope.ServiceProvider.GetRequiredService<FreeNumbers>();
        (await free.HoldAsync([branch.Platform.Path], [.. Enumerable.Range(100, 5).Select(i => $"{prefix}{i}")], Ct)).Count.ShouldBe(5);

        // Five are left for six; two such callers would else tell each other that there are none.
        var asking = partner.AllocateAnyAsync(branch.Tenant, 6, prefix);
        await app.WaitsForALockAsync(asking);
        await session.RollbackAsync();

        (await partner.AllocatedAsync(asking)).Count.ShouldBe(6);
        await OneHolderEachAsync(prefix, 6);
    }

    [Fact]
    public async Task Released_once_however_often_at_once()
    {
        var branch = await app.BranchAsync();
        var prefix = await LoadAsync(branch, 1);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var allocated = await partner.AllocateAsync(branch.Tenant, $"{prefix}100");
        var id = (await allocated.JsonAsync()).GetProperty("items")[0].IdOf();

        var answers = await app.AtOnceAsync(branch.As(Roles.PartnerAdministrator), 16, (client, _) => client.ReleaseAsync(id));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        answers.Where(a => a.StatusCode is not HttpStatusCode.OK).ShouldAllBe(a => a.StatusCode == HttpStatusCode.Conflict);
        (await app.HeardAsync(id)).Count(m => m == "provisioning.inbound-number-released.v1").ShouldBe(1);
    }

    private static async Task<string> LoadAsync(Branch branch, int count)
    {
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        (await platform.ImportAsync(
            string.Join('\n',
            Enumerable.Range(100, count).Select(i => $"{prefix}{i},DE,{(i % 2 == 0 ? "Mobile" : "Geographic")}").Prepend("number,country,type"))))
            .EnsureSuccessStatusCode();
        return prefix;
    }

    private static async Task<List<string>> NumbersOfAsync(IEnumerable<HttpResponseMessage> answers)
    {
        var numbers = new List<string>();
        foreach (var answer in answers)
            numbers.AddRange((await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(n => n.Text("number")!));
        return numbers;
    }

    private static async Task<List<string?>> CodesAsync(IEnumerable<HttpResponseMessage> answers)
    {
        var codes = new List<string?>();
        foreach (var answer in answers.Where(a => a.StatusCode is not HttpStatusCode.OK))
            codes.Add(await answer.CodeAsync());
        return [.. codes.Distinct()];
    }

    private Task<int> OneHolderEachAsync(string prefix, int allocated) => app.InAsync<ProvisioningDb, int>(async db =>
    {
        var numbers = await db.InboundNumbers.Where(x => x.Number.StartsWith(prefix)).ToListAsync(Ct);
        var open = await db.NumberHoldings.Where(x => x.UntilAt == null).ToListAsync(Ct);
        numbers.Count(n => n.TenantId is not null).ShouldBe(allocated);
        foreach (var number in numbers)
            open.Where(h => h.NumberId == number.Id).Select(h => (OrganizationId?)h.TenantId).ShouldBe(number.TenantId is { } tenant ? [tenant] : []);
        return 0;
    });
}

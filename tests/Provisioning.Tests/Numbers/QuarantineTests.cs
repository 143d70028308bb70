using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Numbers;

/// <summary>What happens to a number after its release, day by day. Each test has a host of its own, because it moves the clock.</summary>
public sealed class QuarantineTests : IAsyncLifetime
{
    private readonly SellingApp _app = new();

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<(Branch Branch, Guid Id, string Number)> ReleasedAsync()
    {
        var branch = await _app.BranchAsync();
        var number = $"{NumberCalls.Prefix()}1";
        using var platform = branch.Administrator();
        var id = await platform.LoadedAsync(number);
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, number));
        (await platform.ReleaseAsync(id)).EnsureSuccessStatusCode();
        await _app.HeardAsync(id);
        return (branch, id, number);
    }

    [Fact]
    public async Task For_thirty_days_nobody_else_gets_a_released_number_and_then_anyone()
    {
        var (branch, id, number) = await ReleasedAsync();
        var other = await _app.BranchAsync();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var another = other.As(Roles.PartnerAdministrator);
        var view = await partner.NumberAsync(id);
        (view.Text("state"), view.GetProperty("quarantinedUntil").GetDateTimeOffset()).ShouldBe(("Quarantined", _app.Now.AddDays(30)));

        _app.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        await _app.DrainAsync();
        (await another.FreeAsync(number)).ShouldBeEmpty();
        (await another.AllocateAsync(other.Tenant, number).RefusalAsync()).ShouldBe("409 number_not_available");
        (await another.AllocateAnyAsync(other.Tenant, 1, number).RefusalAsync()).ShouldBe("409 numbers_exhausted");
        (await platform.NumbersAsync("/api/v1/numbers?state=Quarantined")).ShouldBe([number]);
        (await platform.NumbersAsync("/api/v1/numbers?state=Available")).ShouldBeEmpty();

        // The instant itself is enough; what is told of it may come later.
        _app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await another.FreeAsync(number)).ShouldBe([number]);
        (await platform.NumbersAsync("/api/v1/numbers?state=Available")).ShouldBe([number]);
        (await partner.NumberAsync(id)).Text("state").ShouldBe("Available");
        await using (var second = await _app.StartSecondHostAsync())
            await Task.WhenAll(_app.DrainAsync(), second.DrainAsync());
        _app.Heard();
        (await partner.GetAsync($"/api/v1/numbers/{id}", Ct).RefusalAsync()).ShouldBe("404 number_not_found");
        (await partner.HistoryAsync(id)).Count.ShouldBe(1);

        (await another.AllocatedAsync(another.AllocateAsync(other.Tenant, number))).ShouldBe([number]);
        (await another.HistoryAsync(id)).ShouldBe([$"{other.Tenant.Id.Value} 2026-02-14 - -"]);
        (await platform.HistoryAsync(id)).ShouldBe([$"{other.Tenant.Id.Value} 2026-02-14 - -", $"{branch.Tenant.Id.Value} 2026-01-15 2026-01-15 -"]);
    }

    [Fact]
    public async Task The_quarantines_end_is_told_once_by_whichever_process_comes_up_after_it()
    {
        var (_, id, _) = await ReleasedAsync();

        _app.Clock.Advance(TimeSpan.FromDays(40));
        // None was there on the day: the message waited in the database.
        await using (var second = await _app.StartSecondHostAsync())
            await Task.WhenAll(_app.DrainAsync(), second.DrainAsync());
        await _app.DrainAsync();
        _app.Clock.Advance(TimeSpan.FromDays(40));

        (await _app.HeardAsync(id)).Count(m => m == "provisioning.inbound-number-freed.v1").ShouldBe(1);
    }

    [Fact]
    public async Task Who_held_a_number_gets_it_back_at_once_and_its_next_quarantine_is_a_whole_one()
    {
        var (branch, id, number) = await ReleasedAsync();
        var sibling = await _app.TenantAsync(branch.Platform, branch.Partner);
        using var partner = branch.As(Roles.PartnerAdministrator);
        _app.Clock.Advance(TimeSpan.FromDays(10));

        (await partner.AllocateAsync(sibling, number).RefusalAsync()).ShouldBe("409 number_not_available");
        (await partner.AllocateAnyAsync(branch.Tenant, 1, number).RefusalAsync()).ShouldBe("409 numbers_exhausted");
        (await partner.AllocatedAsync(partner.AllocateAsync(branch.Tenant, number))).ShouldBe([number]);
        // The message of the first release comes and finds nothing to end.
        _app.Clock.Advance(TimeSpan.FromDays(25));
        (await _app.HeardAsync(id)).ShouldNotContain("provisioning.inbound-number-freed.v1");
        (await partner.NumberAsync(id)).Text("state").ShouldBe("Allocated");

        (await partner.ReleaseAsync(id)).EnsureSuccessStatusCode();
        _app.Clock.Advance(TimeSpan.FromDays(29));
        await _app.DrainAsync();
        (await partner.AllocateAsync(sibling, number).RefusalAsync()).ShouldBe("409 number_not_available");
        _app.Clock.Advance(TimeSpan.FromDays(1));
        (await _app.HeardAsync(id)).Count(m => m == "provisioning.inbound-number-freed.v1").ShouldBe(1);
        (await partner.AllocatedAsync(partner.AllocateAsync(sibling, number))).ShouldBe([number]);
        (await partner.HistoryAsync(id)).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_number_that_somebody_got_before_the_message_came_is_not_told_free()
    {
        var (branch, id, number) = await ReleasedAsync();
        var sibling = await _app.TenantAsync(branch.Platform, branch.Partner);
        using var partner = branch.As(Roles.PartnerAdministrator);
        _app.Clock.Advance(TimeSpan.FromDays(31));

        await partner.AllocatedAsync(partner.AllocateAsync(sibling, number));

        (await _app.HeardAsync(id)).ShouldBe([
            "provisioning.inbound-number-allocated.v1", "provisioning.inbound-number-released.v1", "provisioning.inbound-number-allocated.v1"],
                ignoreOrder: true);
        (await partner.NumberAsync(id)).GetProperty("tenantId").GetGuid().ShouldBe(sibling.Id.Value);
    }

    [Fact]
    public async Task A_withdrawn_number_is_not_told_free()
    {
        var (branch, id, number) = await ReleasedAsync();
        using var platform = branch.Administrator();
        (await platform.DeleteAsync($"/api/v1/numbers/{id}", Ct)).EnsureSuccessStatusCode();

        _app.Clock.Advance(TimeSpan.FromDays(31));

        (await _app.HeardAsync(id)).ShouldNotContain("provisioning.inbound-number-freed.v1");
        (await platform.LoadedAsync(number)).ShouldBe(id);
        (await platform.FreeAsync(number)).ShouldBe([number]);
    }

    [Fact]
    public async Task A_transferred_tenants_numbers_go_with_it_and_its_time_with_them_stays()
    {
        var (branch, old, oldNumber) = await ReleasedAsync();
        var to = await _app.PartnerAsync(branch.Platform, branch.Distributor);
        var number = $"{NumberCalls.Prefix()}1";
        using var platform = branch.Administrator();
        using var from = branch.As(Roles.PartnerAdministrator);
        using var into = branch.As(Roles.PartnerAdministrator, to);
        var id = await platform.LoadedAsync(number);
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, number));

        (await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, on = "2026-01-20", reason = "sold" }, Ct))
            .EnsureSuccessStatusCode();
        _app.Clock.Set(new DateTimeOffset(2026, 1, 20, 0, 0, 0, TimeSpan.Zero));
        await using (var second = await _app.StartSecondHostAsync())
            await Task.WhenAll(_app.DrainAsync(), second.DrainAsync());
        await _app.DrainAsync();

        (await from.NumbersAsync("/api/v1/numbers")).ShouldBe([oldNumber]);
        (await into.NumbersAsync("/api/v1/numbers")).ShouldBe([number]);
        (await from.ReleaseAsync(id).RefusalAsync()).ShouldBe("404 number_not_found");
        (await from.HistoryAsync(id)).ShouldBe([$"{branch.Tenant.Id.Value} 2026-01-15 2026-01-20 transferred"]);
        (await into.HistoryAsync(id)).ShouldBe([$"{branch.Tenant.Id.Value} 2026-01-20 - -"]);
        (await into.HistoryAsync(old)).ShouldBe(["404"]);
        // What it gave up before is its own all the same.
        (await into.AllocatedAsync(into.AllocateAsync(branch.Tenant, oldNumber))).ShouldBe([oldNumber]);
        (await into.ReleaseAsync(id)).EnsureSuccessStatusCode();
    }
}

using System.Net;
using System.Net.Http.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Subscriptions;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

/// <summary>A tenant is not closed over a live subscription, and none is opened over its closing.</summary>
public sealed class ClosingTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Theory]
    [InlineData("2026-02-01", null)]
    [InlineData(null, "2026-12-31")]
    public async Task A_live_subscription_keeps_its_tenant_open_until_its_last_day_is_over(string? start, string? end)
    {
        var branch = await app.BranchAsync();
        var subscription = await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch), start: start, end: end));
        using var partner = branch.As(Roles.PartnerAdministrator);

        (await CloseAsync(partner, branch).RefusalAsync()).ShouldBe("409 still_in_use");
        using var detail = await CloseAsync(partner, branch);
        (await detail.JsonAsync()).GetProperty("detail").GetString().ShouldBe("Still live there: 1 subscriptions. End them first.");
        (await partner.PostAsJsonAsync(
            $"/api/v1/subscriptions/{subscription.IdOf()}/cancel", new { on = start ?? "2026-01-20" }, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        if (start is null)
            (await CloseAsync(partner, branch).RefusalAsync()).ShouldBe("409 still_in_use");
        (await partner.PostAsJsonAsync($"/api/v1/subscriptions/{subscription.IdOf()}/cancel", new { }, Ct)).Dispose();

        using var closed = await CloseAsync(partner, branch);
        closed.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await SubscribeAsync(branch.Administrator(), Asked(branch, await app.PlanAsync(branch))).RefusalAsync()).ShouldBe("409 tenant_not_active");
    }

    [Fact]
    public async Task Closing_waits_for_a_subscription_that_is_just_being_opened_and_sees_it()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        (await scope.ServiceProvider.GetRequiredService<ISender>().Send(
            new CreateSubscription.Command(branch.Tenant.Id, new PlanId(plan), new Dictionary<string, int> { ["essentialSeats"] = 10 }),
            Ct)).Refusal.ShouldBeNull();

        var closing = CloseAsync(partner, branch);
        await app.WaitsForALockAsync(closing);
        await session.CommitAsync(Ct);

        (await closing.RefusalAsync()).ShouldBe("409 still_in_use");
    }

    [Fact]
    public async Task Of_a_closing_and_an_opening_at_the_same_moment_one_is_refused()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        for (var i = 0; i < 12; i++)
        {
            var tenant = await app.TenantAsync(branch.Platform, branch.Partner);

            var opening = SubscribeAsync(partner, Asked(branch, plan, tenant: tenant));
            var closing = partner.DeleteAsync($"/api/v1/tenants/{tenant.Id.Value}", Ct);
            await Task.WhenAll(opening, closing);

            var (opened, closed) = ((await opening).StatusCode, (await closing).StatusCode);
            new[] { (HttpStatusCode.Created, HttpStatusCode.Conflict), (HttpStatusCode.Conflict, HttpStatusCode.NoContent) }.ShouldContain(
                (opened, closed));
        }
    }

    private static Task<HttpResponseMessage> CloseAsync(HttpClient client, Branch branch) =>
        client.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct);
}

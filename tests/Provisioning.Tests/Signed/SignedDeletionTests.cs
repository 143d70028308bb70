using System.Net;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Signed;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>What a signed deletion ends, when, and how it is called back.</summary>
public sealed class SignedDeletionTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_deletion_waits_a_week_can_be_recovered_and_then_removes_what_is_there()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var recover = $"/api/v1/licensing/{branch.Tenant.Id.Value}/recover";
        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("404 CUSTOMER_NOT_FOUND");
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        (await partner.PostAsync(recover, null, Ct).RefusalAsync()).ShouldBe("409 no_deletion_scheduled");

        var scheduled = JsonNode.Parse(await AnswerAsync(caller.SendAsync(Body(branch), HttpMethod.Delete)))!;
        var now = app.Clock.GetUtcNow();
        ((string)scheduled["status"]!).ShouldBe("scheduled_for_deletion");
        ((string)scheduled["estimatedDeletionTime"]!).ShouldBe("1 week");
        ((string)scheduled["scheduledAt"]!).ShouldBe(now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"));
        ((string)scheduled["deletionId"]!).ShouldMatch($"^del_{now.ToUnixTimeSeconds()}_[0-9]{{4}}$");
        app.Clock.Advance(TimeSpan.FromHours(1));
        JsonNode.Parse(await AnswerAsync(caller.SendAsync(Body(branch), HttpMethod.Delete)))!.ToJsonString().ShouldBe(scheduled.ToJsonString());
        (await MessageAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":6")))).ShouldContain("scheduled for deletion");

        (await partner.PostAsync(recover, null, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromDays(8));
        await app.DrainAsync();
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":6")))).ShouldContain("\"oldValue\":5");

        var again = JsonNode.Parse(await AnswerAsync(caller.SendAsync(Body(branch), HttpMethod.Delete)))!;
        ((string)again["deletionId"]!).ShouldNotBe((string)scheduled["deletionId"]!);
        app.Clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        await app.DrainAsync();
        (await partner.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(2));
        await app.DrainAsync();
        (await partner.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("404 CUSTOMER_NOT_FOUND");
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":7")))).ShouldContain("\"oldValue\":0");
    }

    [Fact]
    public async Task A_deletion_is_of_its_own_hour_however_late_its_message_is()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        var subscription = (await JsonAtAsync(partner, $"/api/v1/licensing/{branch.Tenant.Id.Value}")).GetProperty("subscriptionId").GetGuid();
        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("200");
        var due = app.Today.AddDays(7);

        app.Clock.Advance(TimeSpan.FromDays(7));
        (await partner.PostAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}/recover", null, Ct).RefusalAsync()).ShouldBe("409 deletion_due");
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":6")))).ShouldBe("400 VALIDATION_ERROR");
        app.Clock.Advance(TimeSpan.FromDays(3));
        await app.DrainAsync();

        var ended = await JsonAtAsync(partner, $"/api/v1/subscriptions/{subscription}");
        (ended.Text("status"), ended.Text("endDate")).ShouldBe(("Cancelled", $"{due:yyyy-MM-dd}"));
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{subscription}/history")).GetProperty("items")[0].Text("effectiveOn")
            .ShouldBe($"{due:yyyy-MM-dd}");
        (await partner.PostAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}/recover", null, Ct).RefusalAsync()).ShouldBe("404 licensing_not_found");
    }

    [Fact]
    public async Task A_deletion_whose_subscription_ended_otherwise_stands_in_nobodys_way_and_can_be_called_back()
    {
        const string Sip = ""","sipCredentials":{"username":"u","password":"p","sipServer":"sip.example","outboundProxy":"proxy.example"}""";
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        async Task EndAsync()
        {
            var seats = await JsonAtAsync(partner, $"/api/v1/licensing/{branch.Tenant.Id.Value}");
            var id = seats.GetProperty("subscriptionId").GetGuid();
            (await partner.PostAsync($"/api/v1/subscriptions/{id}/cancel", null, Ct)).EnsureSuccessStatusCode();
        }

        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5" + Sip)))).ShouldBe("200");
        await DeletedAsync(caller, branch);
        await EndAsync();
        (await partner.PostAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}/recover", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await partner.PostAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}/recover", null, Ct).RefusalAsync()).ShouldBe("404 licensing_not_found");

        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":6")))).ShouldBe("200");
        var second = await DeletedAsync(caller, branch);
        await EndAsync();
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":7")))).ShouldContain("\"oldValue\":0");
        // The former deletion takes nothing from who has bought anew.
        app.Clock.Advance(TimeSpan.FromDays(7));
        await app.DrainAsync();
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":8" + Sip)))).ShouldBe("""{"eliteSeats":{"oldValue":7,"newValue":8}}""");

        var third = await DeletedAsync(caller, branch);
        await EndAsync();
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":9")))).ShouldBe("200");
        var fourth = await DeletedAsync(caller, branch);
        new[] { second, third, fourth }.ShouldBeUnique();
        (await MessageAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":10")))).ShouldContain(fourth);
        // Bought and never coming.
        var never = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch), start: $"{app.Today.AddDays(20):yyyy-MM-dd}"))).IdOf();
        (await partner.PostAsync($"/api/v1/subscriptions/{never}/cancel", null, Ct)).EnsureSuccessStatusCode();
        app.Clock.Advance(TimeSpan.FromDays(7));
        await app.DrainAsync();
        (await partner.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        // Who has nothing any more keeps no trunk either.
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5" + Sip)))).ShouldContain("sip.example");
    }

    [Fact]
    public async Task Seats_to_come_are_deleted_after_a_week_and_stand_in_nobodys_way_when_they_never_come()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var plan = await app.PlanAsync(branch);
        var first = (await SubscribedAsync(branch, Asked(branch, plan, start: $"{app.Today.AddDays(10):yyyy-MM-dd}"))).IdOf();

        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("200");
        (await MessageAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldContain("scheduled for deletion");
        app.Clock.Advance(TimeSpan.FromDays(7));
        await app.DrainAsync();
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{first}")).Text("status").ShouldBe("Cancelled");
        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("404 CUSTOMER_NOT_FOUND");

        var second = (await SubscribedAsync(branch, Asked(branch, plan, start: $"{app.Today.AddDays(10):yyyy-MM-dd}"))).IdOf();
        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("200");
        (await partner.PostAsync($"/api/v1/subscriptions/{second}/cancel", null, Ct)).EnsureSuccessStatusCode();
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("""{"eliteSeats":{"oldValue":0,"newValue":5}}""");
    }

    [Fact]
    public async Task A_deletion_asked_for_again_is_of_what_the_customer_has_by_then_and_the_former_still_comes()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var plan = await app.PlanAsync(branch);
        var later = (await SubscribedAsync(branch, Asked(branch, plan, start: $"{app.Today.AddDays(5):yyyy-MM-dd}"))).IdOf();
        var first = await DeletedAsync(caller, branch);
        var due = app.Today.AddDays(7);
        app.Clock.Advance(TimeSpan.FromDays(1));
        var now = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        app.Clock.Advance(TimeSpan.FromDays(1));

        var second = await DeletedAsync(caller, branch);
        second.ShouldNotBe(first);
        (await DeletedAsync(caller, branch)).ShouldBe(second);
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{later}")).Text("cancellationDate").ShouldBeNull();

        app.Clock.Advance(TimeSpan.FromDays(5));
        await app.DrainAsync();
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{later}")).Text("endDate").ShouldBe($"{due:yyyy-MM-dd}");
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{later}/history")).GetProperty("items").EnumerateArray()
            .Single(h => h.Text("what") == "Cancelled").Text("reason").ShouldBe(first);
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{now}")).Text("status").ShouldBe("Active");
        (await MessageAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldContain(second);
        app.Clock.Advance(TimeSpan.FromDays(2));
        await app.DrainAsync();
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{now}")).Text("status").ShouldBe("Cancelled");
        (await CodeAsync(caller.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("404 CUSTOMER_NOT_FOUND");
    }

    [Fact]
    public async Task All_that_a_customer_was_to_lose_is_called_back_at_once()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var plan = await app.PlanAsync(branch);
        var later = (await SubscribedAsync(branch, Asked(branch, plan, start: $"{app.Today.AddDays(30):yyyy-MM-dd}"))).IdOf();
        await DeletedAsync(caller, branch);
        app.Clock.Advance(TimeSpan.FromDays(1));
        var now = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        var second = await DeletedAsync(caller, branch);

        using var recovered = await partner.PostAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}/recover", null, Ct);

        (await recovered.JsonAsync()).Text("deletionId").ShouldBe(second);
        app.Clock.Advance(TimeSpan.FromDays(9));
        await app.DrainAsync();
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{later}")).Text("status").ShouldBe("Pending");
        (await JsonAtAsync(partner, $"/api/v1/subscriptions/{now}")).Text("status").ShouldBe("Active");
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
    }

    [Fact]
    public async Task Of_two_deletions_at_the_same_hour_the_second_sees_what_the_first_has_ended()
    {
        const string Sip = ""","sipCredentials":{"username":"u","password":"p","sipServer":"sip.example","outboundProxy":"proxy.example"}""";
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var plan = await app.PlanAsync(branch);
        await SubscribedAsync(branch, Asked(branch, plan, start: $"{app.Today.AddDays(30):yyyy-MM-dd}"));
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5" + Sip)))).ShouldBe("200");
        await DeletedAsync(caller, branch);
        await SubscribedAsync(branch, Asked(branch, plan));
        await DeletedAsync(caller, branch);
        var tenant = branch.Tenant.Id.Value;
        var due = (await app.RowsAsync($"select id::text from provisioning.deletions where tenant_id = '{tenant}' order by id"))
            .ConvertAll(Guid.Parse);

        app.Clock.Advance(TimeSpan.FromDays(7));
        await using var first = await EndingAsync(due[0]);
        var second = EndingAsync(due[1]);
        await app.WaitsForALockAsync(second);
        await first.Session.CommitAsync(Ct);
        await using var last = await second;
        await last.Session.CommitAsync(Ct);

        (await app.RowsAsync($"select 'kept' from provisioning.sip_credentials where tenant_id = '{tenant}'")).ShouldBeEmpty();
        await app.DrainAsync();
    }

    // As a message is carried out, until its commit.
    private async Task<Ending> EndingAsync(Guid deletion)
    {
        var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var ending = new Ending(scope, scope.ServiceProvider.GetRequiredService<DbSession>());
        await ending.Session.BeginAsync(Ct);
        await ActivatorUtilities.CreateInstance<DeleteWhenDue>(scope.ServiceProvider).HandleAsync(new DeletionDue(deletion), Ct);
        await scope.ServiceProvider.GetRequiredService<ProvisioningDb>().SaveChangesAsync(Ct);
        return ending;
    }

    private sealed record Ending(AsyncServiceScope Scope, DbSession Session) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Scope.DisposeAsync();
    }

    // The id of the deletion that a request schedules, or finds.
    private static async Task<string> DeletedAsync(SignedCaller caller, Branch branch) =>
        (string)JsonNode.Parse(await AnswerAsync(caller.SendAsync(Body(branch), HttpMethod.Delete)))!["deletionId"]!;
}

using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Organizations;

public sealed class LifecycleTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_suspended_branch_reads_but_does_not_write_until_it_is_resumed()
    {
        var branch = await app.BranchAsync();
        using var person = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        var write = new { partnerId = branch.Partner.Id.Value, externalId = "new", displayName = "New" };

        (await distributor.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "unpaid" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        using var refused = await person.PostAsync("/api/v1/tenants", write);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await refused.CodeAsync()).ShouldBe("branch_suspended");
        (await person.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await ActiveAsync(branch.Tenant)).ShouldBeFalse();
        (await ActiveAsync(branch.Distributor)).ShouldBeTrue();

        (await distributor.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "again" })).StatusCode
            .ShouldBe(HttpStatusCode.Conflict);
        using var underSuspended = await distributor.PostAsync("/api/v1/tenants", write);
        (await underSuspended.CodeAsync()).ShouldBe("organization_suspended");

        using var resumed = await distributor.SendAsync(HttpMethod.Post, $"/api/v1/partners/{branch.Partner.Id.Value}/resume", null);
        resumed.StatusCode.ShouldBe(HttpStatusCode.OK);
        resumed.Headers.ETag!.Tag.ShouldBe("\"3\"");
        (await person.PostAsync("/api/v1/tenants", write)).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await ActiveAsync(branch.Tenant)).ShouldBeTrue();
        using var notSuspended = await distributor.SendAsync(HttpMethod.Post, $"/api/v1/partners/{branch.Partner.Id.Value}/resume", null);
        (await notSuspended.CodeAsync()).ShouldBe("not_suspended");
    }

    [Fact]
    public async Task Closing_waits_for_the_children_and_ends_the_log_ins()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await person.ClientAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);

        using var live = await distributor.DeleteAsync($"/api/v1/partners/{branch.Partner.Id.Value}", Ct);
        live.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await live.CodeAsync()).ShouldBe("has_live_organizations");
        (await distributor.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await distributor.DeleteAsync($"/api/v1/partners/{branch.Partner.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await person.TryLoginAsync()).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var underClosed = await distributor.PostAsync(
            "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "x", displayName = "x" });
        (await underClosed.CodeAsync()).ShouldBe("organization_closed");
        (await distributor.GetJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).GetProperty("status").GetString().ShouldBe("Closed");
        using var again = await distributor.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct);
        (await again.CodeAsync()).ShouldBe("organization_closed");
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_clears_what_it_nulls()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var path = $"/api/v1/tenants/{branch.Tenant.Id.Value}";

        using var changed = await partner.SendAsync(
            HttpMethod.Patch, path, new { legalName = "Inc.", contact = new { phone = "1" } }, ifMatch: "\"1\"");
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        changed.Headers.ETag!.Tag.ShouldBe("\"2\"");
        using var stale = await partner.SendAsync(HttpMethod.Patch, path, new { displayName = "late" }, ifMatch: "\"1\"");
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        using var cleared = await partner.SendAsync(HttpMethod.Patch, path, new { legalName = (string?)null, displayName = "Renamed" });

        var body = await cleared.JsonAsync();
        body.GetProperty("displayName").GetString().ShouldBe("Renamed");
        body.GetProperty("legalName").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        body.GetProperty("contact").GetProperty("phone").GetString().ShouldBe("1");
        using var nameless = await partner.SendAsync(HttpMethod.Patch, path, new { displayName = (string?)null });
        nameless.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await nameless.FieldErrorAsync()).Pointer.ShouldBe("/displayName");
        using var staleDelete = await partner.SendAsync(HttpMethod.Delete, path, null, ifMatch: "\"1\"");
        staleDelete.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
    }

    [Fact]
    public async Task Nothing_is_opened_below_a_suspended_distributor_whose_partner_is_active()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        await administrator.PostAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}/suspend", new { reason = "unpaid" });

        using var refused = await administrator.PostAsync(
            "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = "below", displayName = "Below" });

        refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await refused.CodeAsync()).ShouldBe("organization_suspended");
    }

    [Theory]
    [InlineData("suspend")]
    [InlineData("resume")]
    [InlineData("rename")]
    public async Task Who_opens_something_in_an_organization_without_end_does_not_keep_its_change_waiting(string change)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var path = $"/api/v1/partners/{branch.Partner.Id.Value}";
        if (change == "resume")
            (await administrator.PostAsync($"{path}/suspend", new { reason = "unpaid" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await using var connection = await app.InAsync<NpgsqlDataSource, NpgsqlConnection>(async database => await database.OpenConnectionAsync(Ct));
        await using var opening = await connection.BeginTransactionAsync(Ct);
        await using (var locking = new NpgsqlCommand("select 1 from identity.organizations where id = $1 for key share", connection, opening)
        { Parameters = { new() { Value = branch.Partner.Id.Value } } })
            await locking.ExecuteNonQueryAsync(Ct);

        using var answer = await (change switch
        {
            "suspend" => administrator.PostAsync($"{path}/suspend", new { reason = "unpaid" }),
            "resume" => administrator.PostAsync($"{path}/resume", body: null),
            _ => administrator.SendAsync(HttpMethod.Patch, path, new { displayName = "Renamed" }),
        }).WaitAsync(TimeSpan.FromSeconds(20), Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(OrganizationKind.Partner)]
    [InlineData(OrganizationKind.Distributor)]
    public async Task A_suspension_and_an_opening_below_come_one_after_the_other(OrganizationKind kind)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var at = kind is OrganizationKind.Partner ? branch.Partner.Id : branch.Distributor.Id;
        var first = new CreateTenant.Command(branch.Partner.Id, "first", "First");
        var second = new { partnerId = branch.Partner.Id.Value, externalId = "second", displayName = "Second" };

        using var suspended = await app.DuringAsync(
            async sender => (await sender.Send(first, Ct)).Refusal,
            () => administrator.PostAsync($"/api/v1/{kind.ToString().ToLowerInvariant()}s/{at.Value}/suspend", new { reason = "unpaid" }));
        suspended.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await administrator.PostAsync($"/api/v1/{kind.ToString().ToLowerInvariant()}s/{at.Value}/resume", body: null)).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        using var opened = await app.DuringAsync(
            async sender => (await sender.Send(new SuspendOrganization.Command(kind, at, "unpaid"), Ct)).Refusal,
            () => administrator.PostAsync("/api/v1/tenants", second));
        (opened.StatusCode, await opened.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "organization_suspended"));
    }

    [Fact]
    public async Task Who_opens_next_does_not_pass_a_suspension_that_waits()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        await using var opening = await app.OpenAsync(Access.System, async provider =>
            (await provider.GetRequiredService<ISender>().Send(new CreateTenant.Command(branch.Partner.Id, "first", "First"), Ct)).Refusal);

        var suspending = administrator.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "unpaid" });
        await app.WaitsForALockAsync(suspending);
        var second = new { partnerId = branch.Partner.Id.Value, externalId = "second", displayName = "Second" };
        var next = administrator.PostAsync("/api/v1/tenants", second);
        await app.WaitForLocksAsync(suspending, next);
        await opening.CommitAsync();

        (await suspending).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var refused = await next;
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "organization_suspended"));
    }

    [Fact]
    public async Task Who_changes_an_organizations_users_without_end_does_not_keep_its_suspension_waiting()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, null);
        await using var changing = await app.OpenAsync(Access.System, async provider => (await provider.GetRequiredService<ISender>().Send(
            new PatchUser.Command { Id = new UserId(person.Id), DisplayName = new("Other") }, Ct)).Refusal);

        using var answer = await branch.Administrator().PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "unpaid" })
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_sibling_branch_does_not_exist_and_ones_own_node_is_not_ones_to_change()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        foreach (var foreign in new[]
        {
            $"/api/v1/tenants/{other.Tenant.Id.Value}", $"/api/v1/partners/{other.Partner.Id.Value}",
            $"/api/v1/distributors/{branch.Distributor.Id.Value}",
        })
        {
            (await partner.StatusAsync(foreign)).ShouldBe(HttpStatusCode.NotFound);
            (await partner.SendAsync(HttpMethod.Patch, foreign, new { displayName = "x" })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await partner.DeleteAsync(foreign, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await partner.PostAsync(foreign + "/suspend", new { reason = "x" })).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        }

        (await partner.StatusAsync($"/api/v1/partners/{branch.Partner.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        using var own = await partner.PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "x" });
        own.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await own.CodeAsync()).ShouldBe("not_allowed_here");
        // A tenant is not found among the partners.
        (await partner.StatusAsync($"/api/v1/partners/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Lists_are_filtered_scoped_and_stable_while_they_grow()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerReader);
        var tenants = new List<Guid> { branch.Tenant.Id.Value };
        for (var i = 0; i < 4; i++)
            tenants.Add((await app.NextTenantAsync(branch)).Id.Value);
        tenants.Reverse();

        var first = await partner.GetJsonAsync("/api/v1/tenants?limit=2");
        await app.NextTenantAsync(branch);
        var second = await partner.GetJsonAsync($"/api/v1/tenants?limit=2&after={first.GetProperty("next").GetString()}");
        var third = await partner.GetJsonAsync($"/api/v1/tenants?limit=2&after={second.GetProperty("next").GetString()}");
        new[] { first, second, third }.SelectMany(p => p.GetProperty("items").EnumerateArray()).Select(x => x.GetProperty("id").GetGuid())
            .ShouldBe(tenants);
        third.GetProperty("next").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);

        using var administrator = branch.Administrator();
        (await Ids(administrator, $"/api/v1/tenants?externalId={other.Tenant.ExternalId}")).ShouldBe([other.Tenant.Id.Value]);
        (await Ids(administrator, $"/api/v1/tenants?code={other.Tenant.Code}")).ShouldBe([other.Tenant.Id.Value]);
        (await Ids(administrator, $"/api/v1/tenants?parentId={other.Partner.Id.Value}&status=Active")).ShouldBe([other.Tenant.Id.Value]);
        (await Ids(administrator, $"/api/v1/tenants?parentId={other.Partner.Id.Value}&status=Closed")).ShouldBeEmpty();
        (await Ids(partner, $"/api/v1/tenants?externalId={other.Tenant.ExternalId}")).ShouldBeEmpty();
        using var strange = await administrator.PostAsync("/api/v1/tenants?body=1", new { });
        (await strange.CodeAsync()).ShouldBe("unknown_parameter");
        using var unknown = await partner.GetAsync("/api/v1/tenants?extrenalId=x", Ct);
        unknown.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await unknown.CodeAsync()).ShouldBe("unknown_parameter");
        (await unknown.JsonAsync()).GetProperty("detail").GetString()!
            .ShouldEndWith("known here: after, code, country, createdFrom, externalId, limit, parentId, q, status.");
        foreach (var name in new[] { "ct", "sender", "body" })
            (await partner.StatusAsync($"/api/v1/tenants?{name}=1")).ShouldBe(HttpStatusCode.BadRequest);
        (await partner.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}?id=1")).ShouldBe(HttpStatusCode.BadRequest);
        (await partner.StatusAsync("/api/v1/tenants?limit=0")).ShouldBe(HttpStatusCode.BadRequest);
        (await partner.StatusAsync("/api/v1/tenants?after=nonsense")).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_repeated_create_replays_byte_for_byte()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var body = new { partnerId = branch.Partner.Id.Value, externalId = "once", displayName = "Once" };

        using var first = await partner.PostAsync("/api/v1/tenants", body, "key-1");
        using var second = await partner.PostAsync("/api/v1/tenants", body, "key-1");
        using var other = await partner.PostAsync("/api/v1/tenants", body with { displayName = "Other" }, "key-1");

        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await second.Content.ReadAsByteArrayAsync(Ct)).ShouldBe(await first.Content.ReadAsByteArrayAsync(Ct));
        second.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        second.Headers.Location.ShouldBe(first.Headers.Location);
        other.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await Ids(partner, "/api/v1/tenants?externalId=once")).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Parallel_openings_with_one_external_id_make_one()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var body = new { partnerId = branch.Partner.Id.Value, externalId = "race", displayName = "Race" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => partner.PostAsync("/api/v1/tenants", body)));

        answers.Count(a => a.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(7);
    }

    private static async Task<List<Guid>> Ids(HttpClient client, string path) =>
        [.. (await client.GetJsonAsync(path)).GetProperty("items").EnumerateArray().Select(x => x.GetProperty("id").GetGuid())];

    private async Task<bool> ActiveAsync(OrganizationRef organization) =>
        (await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(organization.Id, Ct)))!.Active;
}

internal static class Growing
{
    extension(App app)
    {
        // Ids are ordered by time, and within one instant not at all.
        public Task<OrganizationRef> NextTenantAsync(Branch branch)
        {
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            return app.TenantAsync(branch.Platform, branch.Partner);
        }
    }
}

using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Transfers;
using Npgsql;

namespace Licensing.Identity.Tests.Transfers;

public sealed class TransferTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Today => app.Clock.GetUtcNow().ToString("yyyy-MM-dd");

    [Fact]
    public async Task Today_the_tenant_and_its_people_move_and_the_old_partners_people_are_out()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var own = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var owner = await own.ClientAsync();
        // Of the old partner, with a role at the tenant.
        var agent = await Person.AddAsync(branch, branch.Partner, null);
        using (var administrator = branch.Administrator())
            (await administrator.SendAsync(
                HttpMethod.Put,
                "/api/v1/roles/assignments",
                new { userId = agent.Id, role = Roles.TenantAdministrator, organizationId = branch.Tenant.Id.Value }))
                .StatusCode.ShouldBe(HttpStatusCode.OK);
        using var agentClient = await agent.ClientAsync();
        var agentKey = await KeyAsync(agentClient, branch);
        var ownKey = await KeyAsync(owner, branch);
        (await app.Bearer(agentKey).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        using var distributor = branch.As(Roles.DistributorAdministrator);

        using var answer = await TransferAsync(distributor, branch.Tenant, to);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var transfer = await answer.JsonAsync();
        transfer.GetProperty("status").GetString().ShouldBe("Done");
        transfer.GetProperty("on").GetString().ShouldBe(Today);
        var moved = (await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(branch.Tenant.Id, Ct)))!;
        moved.Path.ShouldBe($"{to.Path}{branch.Tenant.Code}.");
        moved.ParentId.ShouldBe(to.Id);

        using var oldPartner = branch.As(Roles.PartnerAdministrator);
        using var newPartner = branch.As(Roles.PartnerAdministrator, to);
        (await oldPartner.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
        (await newPartner.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
        (await oldPartner.StatusAsync($"/api/v1/users/{own.Id}")).ShouldBe(HttpStatusCode.NotFound);
        (await newPartner.StatusAsync($"/api/v1/users/{own.Id}")).ShouldBe(HttpStatusCode.OK);
        (await owner.StatusAsync($"/api/v1/users/{own.Id}")).ShouldBe(HttpStatusCode.OK);
        (await agentClient.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        (await app.Bearer(agentKey).StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await app.Bearer(ownKey).StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_was_written_before_is_read_by_the_old_partner_and_the_tenant_not_by_the_new_partner()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var own = await (await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator)).ClientAsync();
        using var oldPartner = branch.As(Roles.PartnerAdministrator);
        using var newPartner = branch.As(Roles.PartnerAdministrator, to);
        (await oldPartner.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { legalName = "Before" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await TransferAsync(distributor, branch.Tenant, to)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await newPartner.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { legalName = "After" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);

        (await EntriesAsync(oldPartner)).ShouldBe(["Before"]);
        (await EntriesAsync(newPartner)).ShouldBe(["After"]);
        (await EntriesAsync(own)).ShouldBe(["After", "Before"]);
        (await EntriesAsync(distributor)).ShouldBe(["After", "Before"]);
        // Reading only: what stayed there is not the tenant's to change.
        (await oldPartner.GetJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer")).GetProperty("partnerId").ValueKind
            .ShouldBe(JsonValueKind.Null);
        (await newPartner.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer")).ShouldBe(HttpStatusCode.NotFound);
        (await own.StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task On_the_agreed_day_a_tenant_moves_once_whichever_host_does_it()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        var day = app.Clock.GetUtcNow().AddDays(2).ToString("yyyy-MM-dd");
        using var agreed = await TransferAsync(distributor, branch.Tenant, to, day);
        (await agreed.JsonAsync()).GetProperty("status").GetString().ShouldBe("Pending");
        using var again = await TransferAsync(distributor, branch.Tenant, to);
        (await again.CodeAsync()).ShouldBe("transfer_pending");

        await app.DrainAsync();
        (await PathAsync(branch)).ShouldBe(branch.Tenant.Path);
        app.Clock.Set(DateTimeOffset.Parse(day + "T00:00:00Z"));
        await using (var second = await app.StartSecondHostAsync())
            await Task.WhenAll(app.DrainAsync(), second.DrainAsync());

        (await PathAsync(branch)).ShouldBe($"{to.Path}{branch.Tenant.Code}.");
        var history = await HistoryAsync(branch.Tenant);
        history.Former.ShouldBe([new FormerPath(branch.Tenant.Path, DateOnly.Parse(day))]);
        history.On(DateOnly.Parse(day)).ShouldBe($"{to.Path}{branch.Tenant.Code}.");
        history.On(DateOnly.Parse(day).AddDays(-1)).ShouldBe(branch.Tenant.Path);
        (await distributor.GetJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer")).GetProperty("status").GetString().ShouldBe("Done");
    }

    [Fact]
    public async Task A_cancelled_transfer_never_happens_and_leaves_room_for_another()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var path = $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer";
        var day = app.Clock.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd");
        (await distributor.StatusAsync(path)).ShouldBe(HttpStatusCode.NotFound);
        (await TransferAsync(distributor, branch.Tenant, to, day)).StatusCode.ShouldBe(HttpStatusCode.OK);

        using var notHis = await partner.DeleteAsync(path, Ct);
        (await notHis.CodeAsync()).ShouldBe("not_allowed_here");
        (await distributor.DeleteAsync(path, Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var twice = await distributor.DeleteAsync(path, Ct);
        (await twice.CodeAsync()).ShouldBe("transfer_not_pending");
        app.Clock.Advance(TimeSpan.FromDays(1));
        await app.DrainAsync();

        (await PathAsync(branch)).ShouldBe(branch.Tenant.Path);
        (await TransferAsync(distributor, branch.Tenant, to)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task What_forbids_a_transfer_on_its_day_is_told_and_the_tenant_stays()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await TransferAsync(distributor, branch.Tenant, to, app.Clock.GetUtcNow().AddDays(1).ToString("yyyy-MM-dd"))).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        using var opened = await distributor.PostAsync(
            "/api/v1/tenants", new { partnerId = to.Id.Value, externalId = branch.Tenant.ExternalId, displayName = "First" });
        opened.StatusCode.ShouldBe(HttpStatusCode.Created);

        app.Clock.Advance(TimeSpan.FromDays(1));
        await app.DrainAsync();

        (await PathAsync(branch)).ShouldBe(branch.Tenant.Path);
        var failed = await distributor.GetJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer");
        failed.GetProperty("status").GetString().ShouldBe("Failed");
        failed.GetProperty("failureCode").GetString().ShouldBe("external_id_taken");
    }

    [Fact]
    public async Task Only_someone_above_both_partners_transfers()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);

        using var byPartner = await TransferAsync(branch.As(Roles.PartnerAdministrator), branch.Tenant, to);
        byPartner.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await byPartner.FieldErrorAsync()).Pointer.ShouldBe("/partnerId");
        using var elsewhere = await TransferAsync(branch.As(Roles.DistributorAdministrator), branch.Tenant, other.Partner);
        elsewhere.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        using var foreign = await TransferAsync(branch.As(Roles.DistributorAdministrator), other.Tenant, to);
        foreign.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var own = await TransferAsync(branch.As(Roles.TenantAdministrator), branch.Tenant, to);
        own.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var notAPartner = await TransferAsync(branch.Administrator(), branch.Tenant, branch.Distributor);
        notAPartner.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        using var byPlatform = await TransferAsync(branch.Administrator(), branch.Tenant, other.Partner);
        byPlatform.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await branch.As(Roles.DistributorAdministrator).StatusAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_transfer_that_something_forbids_now_is_refused()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        var (taken, suspended, closed) = (await app.PartnerAsync(branch.Platform, branch.Distributor),
            await app.PartnerAsync(branch.Platform, branch.Distributor), await app.PartnerAsync(branch.Platform, branch.Distributor));
        await distributor.PostAsync(
            "/api/v1/tenants", new { partnerId = taken.Id.Value, externalId = branch.Tenant.ExternalId, displayName = "Taken" });
        await distributor.PostAsync($"/api/v1/partners/{suspended.Id.Value}/suspend", new { reason = "x" });
        await distributor.DeleteAsync($"/api/v1/partners/{closed.Id.Value}", Ct);

        (await RefusalAsync(distributor, branch.Tenant, taken)).ShouldBe("409 external_id_taken");
        (await RefusalAsync(distributor, branch.Tenant, suspended)).ShouldBe("409 organization_suspended");
        (await RefusalAsync(distributor, branch.Tenant, closed)).ShouldBe("409 organization_closed");
        (await RefusalAsync(distributor, branch.Tenant, branch.Partner)).ShouldBe("409 already_there");
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        (await RefusalAsync(distributor, branch.Tenant, to, app.Clock.GetUtcNow().AddDays(-1).ToString("yyyy-MM-dd")))
            .ShouldBe("422 validation_failed");
        (await RefusalAsync(distributor, branch.Tenant, to, app.Clock.GetUtcNow().AddYears(2).ToString("yyyy-MM-dd")))
            .ShouldBe("422 validation_failed");
        (await RefusalAsync(distributor, branch.Tenant, to, reason: "")).ShouldBe("422 validation_failed");
        using var stale = await distributor.SendAsync(HttpMethod.Post, $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer",
            new { partnerId = to.Id.Value, reason = "x" }, ifMatch: "\"7\"");
        stale.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        await distributor.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct);
        (await RefusalAsync(distributor, branch.Tenant, to)).ShouldBe("409 organization_closed");
    }

    [Fact]
    public async Task Parallel_requests_agree_one_transfer()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        var day = app.Clock.GetUtcNow().AddDays(3).ToString("yyyy-MM-dd");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => TransferAsync(distributor, branch.Tenant, to, day)));

        answers.Count(x => x.StatusCode == HttpStatusCode.OK).ShouldBe(1);
        answers.Count(x => x.StatusCode == HttpStatusCode.Conflict).ShouldBe(7);
    }

    [Fact]
    public async Task There_and_back_again_on_one_day_keeps_every_days_owner()
    {
        var branch = await app.BranchAsync();
        var to = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await TransferAsync(distributor, branch.Tenant, to)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await TransferAsync(distributor, branch.Tenant, branch.Partner)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var history = await HistoryAsync(branch.Tenant);

        history.Path.ShouldBe(branch.Tenant.Path);
        history.On(DateOnly.Parse(Today).AddDays(-1)).ShouldBe(branch.Tenant.Path);
        history.On(DateOnly.Parse(Today)).ShouldBe(branch.Tenant.Path);
        var there = $"{to.Path}{branch.Tenant.Code}.";
        var found = await app.InAsync<IOrganizationDirectory, IReadOnlyDictionary<string, OrganizationRef>>(
            d => d.FindByPathAsync([there, branch.Tenant.Path], Ct));
        found[there].Id.ShouldBe(branch.Tenant.Id);
        found[branch.Tenant.Path].Id.ShouldBe(branch.Tenant.Id);
    }

    [Fact]
    public async Task Every_table_with_a_path_moves_or_stays_on_purpose()
    {
        var tables = await app.InAsync<NpgsqlDataSource, List<string>>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select c.table_name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
                where c.table_schema = 'identity' and c.column_name = 'owner_path' and t.table_type = 'BASE TABLE'
                """);
            var names = new List<string>();
            await using var rows = await command.ExecuteReaderAsync(Ct);
            while (await rows.ReadAsync(Ct))
                names.Add(rows.GetString(0));
            return names;
        });

        TenantMove.Moving.Concat(TenantMove.Staying).Order().ShouldBe(tables.Order(), "TenantMove says what goes with a transferred tenant.");
    }
    private async Task<PathHistory> HistoryAsync(OrganizationRef tenant) =>
        (await app.InAsync<IOrganizationDirectory, IReadOnlyDictionary<OrganizationId, PathHistory>>(d => d.PathsAsync([tenant.Id], Ct)))[tenant.Id];
    private static Task<HttpResponseMessage> TransferAsync(
        HttpClient client, OrganizationRef tenant, OrganizationRef to, string? on = null, string reason = "sold") =>
        client.PostAsync($"/api/v1/tenants/{tenant.Id.Value}/transfer", new { partnerId = to.Id.Value, reason, on });

    private static async Task<string> RefusalAsync(
        HttpClient client, OrganizationRef tenant, OrganizationRef to, string? on = null, string reason = "sold")
    {
        using var answer = await TransferAsync(client, tenant, to, on, reason);
        return $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
    }

    private static async Task<string> KeyAsync(HttpClient client, Branch branch)
    {
        using var answer = await client.PostAsync(
            "/api/v1/api-keys", new { name = "k", organizationId = branch.Tenant.Id.Value, role = Roles.TenantAdministrator });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await answer.JsonAsync()).GetProperty("key").GetString()!;
    }

    private static async Task<List<string>> EntriesAsync(HttpClient client) =>
        [.. (await client.GetJsonAsync("/api/v1/audit?action=identity.patch_organization")).GetProperty("items").EnumerateArray()
            .Select(x => x.GetProperty("resources")[0].GetProperty("changes").GetProperty("legalName").GetProperty("new").GetString()!).Order()];

    private async Task<string> PathAsync(Branch branch) =>
        (await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(branch.Tenant.Id, Ct)))!.Path;
}

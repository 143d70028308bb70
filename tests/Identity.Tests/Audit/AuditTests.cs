using System.Net;
using System.Text.Json;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Identity.Tests.Audit;

public sealed class AuditTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_write_leaves_one_entry_with_what_changed()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        await partner.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { displayName = "New name" });
        using var refused = await partner.SendAsync(
            HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { displayName = "x" }, ifMatch: "\"1\"");

        var entries = await EntriesAsync(partner, $"?resourceType=organization&resourceId={branch.Tenant.Id.Value}");

        entries.Select(e => e.GetProperty("action").GetString()).ShouldBe(["identity.patch_organization", "identity.create_tenant"]);
        var patched = entries[0];
        patched.GetProperty("principal").GetProperty("organizationId").GetGuid().ShouldBe(branch.Partner.Id.Value);
        patched.GetProperty("principal").GetProperty("kind").GetString().ShouldBe("User");
        var change = patched.GetProperty("resources")[0].GetProperty("changes").GetProperty("displayName");
        change.GetProperty("old").GetString().ShouldBe(branch.Tenant.DisplayName);
        change.GetProperty("new").GetString().ShouldBe("New name");
        // A new row's id and place are said beside its changes, and not once more in them.
        var created = entries[1].GetProperty("resources")[0];
        created.GetProperty("id").GetGuid().ShouldBe(branch.Tenant.Id.Value);
        var said = created.GetProperty("changes").EnumerateObject().Select(c => c.Name).ToList();
        said.ShouldContain("displayName");
        said.ShouldNotContain("id");
        said.ShouldNotContain("ownerPath");
        (await EntriesAsync(partner, $"?resourceId={branch.Tenant.Id.Value}&action=identity.create_tenant")).Count.ShouldBe(1);
        (await EntriesAsync(partner, $"?principalId={patched.GetProperty("principal").GetProperty("id").GetGuid()}")).Count.ShouldBe(1);
        (await EntriesAsync(partner, $"?organizationId={branch.Tenant.Id.Value}")).Count.ShouldBe(2);
        (await EntriesAsync(partner, $"?organizationId={branch.Distributor.Id.Value}")).ShouldBeEmpty();
        var future = Uri.EscapeDataString(app.Clock.GetUtcNow().AddMinutes(1).ToString("O"));
        (await EntriesAsync(partner, $"?from={future}")).ShouldBeEmpty();
        (await EntriesAsync(partner, $"?until={future}&limit=200")).ShouldNotBeEmpty();
        (await (await partner.GetAsync($"/api/v1/audit?from={future}&until={future}")).CodeAsync()).ShouldBe("invalid_parameter");
    }

    [Fact]
    public async Task A_trail_is_read_within_its_branch_only()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();

        (await EntriesAsync(other.As(Roles.DistributorReader), $"?resourceId={branch.Tenant.Id.Value}")).ShouldBeEmpty();
        (await EntriesAsync(branch.As(Roles.TenantAdministrator), "")).ShouldHaveSingleItem().GetProperty("action").GetString()
            .ShouldBe("identity.create_tenant");
        (await EntriesAsync(branch.As(Roles.PartnerReader), $"?resourceId={branch.Distributor.Id.Value}")).ShouldBeEmpty();
        (await branch.As(Roles.TenantUser).StatusAsync("/api/v1/audit")).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(101, 1)]
    public async Task A_batch_names_a_hundred_of_what_it_changed_and_says_how_much_there_was(int count, int more)
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        await OpenAsync(partner, Enumerable.Repeat(branch.Partner, count));

        var resources = (await EntriesAsync(partner, "?action=identity.create_tenants")).ShouldHaveSingleItem()
            .GetProperty("resources").EnumerateArray().ToList();

        resources.Count.ShouldBe(100 + more);
        resources.Take(100).ShouldAllBe(r => r.GetProperty("type").GetString() == "organization");
        foreach (var last in resources.Skip(100))
        {
            last.GetProperty("type").GetString().ShouldBe("more");
            last.GetProperty("changes").GetProperty("count").GetInt32().ShouldBe(101);
        }
    }

    [Fact]
    public async Task What_an_entry_only_counts_is_not_told_to_who_sees_less()
    {
        var branch = await app.BranchAsync();
        var other = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        // The last of those not named stands where all that are named do.
        await OpenAsync(distributor, [.. Enumerable.Repeat(branch.Partner, 100), other, branch.Partner]);

        (await EntriesAsync(distributor, "?action=identity.create_tenants")).Count.ShouldBe(1);
        (await EntriesAsync(branch.As(Roles.PartnerAdministrator), "?action=identity.create_tenants")).ShouldBeEmpty();
        (await EntriesAsync(branch.As(Roles.PartnerAdministrator, other), "?action=identity.create_tenants")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Secrets_are_masked()
    {
        var branch = await app.BranchAsync();
        using var tenant = branch.As(Roles.TenantAdministrator);
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        await person.LoginAsync();
        await tenant.PostAsync("/api/v1/api-keys", new { name = "k" });
        await tenant.PostAsync("/api/v1/clients", new { name = "c", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser });

        var entries = await EntriesAsync(tenant, "");

        entries.Select(e => e.GetProperty("action").GetString()).ShouldBe(
            ["identity.create_api_key", "identity.create_client", "identity.open_session", "identity.create_user", "identity.create_tenant"],
            ignoreOrder: true);
        Changes(entries, "identity.create_user", "user").GetProperty("passwordHash").GetProperty("new").GetString().ShouldBe("***");
        Changes(entries, "identity.create_api_key", "api_key").GetProperty("keyHash").GetProperty("new").GetString().ShouldBe("***");
        // Who knows it may be someone above, whom the tenant does not see.
        Changes(entries, "identity.create_api_key", "api_key").GetProperty("knownTo").GetProperty("new").GetString().ShouldBe("***");
        Changes(entries, "identity.create_client", "client").GetProperty("knownTo").GetProperty("new").GetString().ShouldBe("***");
        Changes(entries, "identity.open_session", "refresh_token").GetProperty("tokenHash").GetProperty("new").GetString().ShouldBe("***");
        entries.Single(e => e.GetProperty("action").GetString() == "identity.open_session").GetProperty("principal").GetProperty("id").GetGuid()
            .ShouldBe(person.Id);
    }

    [Theory]
    [InlineData("update identity.audit_entries set action = 'x'")]
    [InlineData("delete from identity.audit_entries")]
    [InlineData("truncate identity.audit_entries cascade")]
    public async Task The_database_refuses_even_its_owner_to_change_the_trail(string sql)
    {
        await app.BranchAsync();

        var refused = await Should.ThrowAsync<PostgresException>(() => app.InAsync<SchemaOwner, int>(async owner =>
        {
            await using var command = owner.Database.CreateCommand(sql);
            return await command.ExecuteNonQueryAsync(Ct);
        }));

        refused.MessageText.ShouldContain("append-only");
    }

    private static async Task OpenAsync(HttpClient caller, IEnumerable<OrganizationRef> partners)
    {
        using var answer = await caller.PostAsync("/api/v1/tenants/batch", new
        {
            items = partners.Select((partner, i) => new { partnerId = partner.Id.Value, externalId = $"b-{i}", displayName = "T" }),
        });
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await answer.JsonAsync()).GetProperty("results").EnumerateArray().ShouldAllBe(x => x.GetProperty("status").GetInt32() == 201);
    }

    private static JsonElement Changes(List<JsonElement> entries, string action, string type) => entries
        .Single(e => e.GetProperty("action").GetString() == action).GetProperty("resources").EnumerateArray()
        .Single(r => r.GetProperty("type").GetString() == type).GetProperty("changes");

    private static async Task<List<JsonElement>> EntriesAsync(HttpClient client, string query) =>
        [.. (await client.GetJsonAsync("/api/v1/audit" + query)).GetProperty("items").EnumerateArray()];
}

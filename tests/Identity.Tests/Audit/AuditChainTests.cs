using Licensing.Host.Database;
using Licensing.Identity.Audit;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Audit;

/// <summary>Each test tampers with a database of its own, as someone could who owns it.</summary>
public sealed class AuditChainTests : IAsyncLifetime
{
    private readonly App _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task An_untouched_trail_is_intact_and_keeps_its_heads_as_it_grows()
    {
        var branch = await _app.BranchAsync();
        await SealAsync();
        var (intact, before) = await VerifyAsync();
        intact.ShouldBeTrue();
        var partner = before.Single(c => c.Organization == branch.Tenant.Path);
        partner.Entries.ShouldBe(1);

        using var client = branch.As(Roles.PartnerAdministrator);
        await client.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { displayName = "Later" });
        await SealAsync();

        var (still, after) = await VerifyAsync(partner.Head);
        still.ShouldBeTrue();
        after.Single(c => c.Organization == branch.Tenant.Path).Entries.ShouldBe(2);
        (await SealAsync()).ShouldBe(0);
    }

    [Theory]
    [InlineData("update identity.audit_entries set principal_name = 'someone else' where id = $1", "entry 2 (")]
    [InlineData("update identity.audit_entries set changes = '[]' where id = $1", "entry 2 (")]
    [InlineData("update identity.audit_entries set at = at - interval '1 second' where id = $1", "entry 2 (")]
    [InlineData(
        "with gone as (delete from identity.audit_seals where entry_id = $1) delete from identity.audit_entries where id = $1",
        "entry 2 is missing")]
    public async Task What_was_done_to_an_entry_shows_at_its_place(string tampering, string finding)
    {
        var branch = await _app.BranchAsync();
        using var client = branch.As(Roles.PartnerAdministrator);
        foreach (var name in (string[])["One", "Two"])
        {
            _app.Clock.Advance(TimeSpan.FromSeconds(1));
            await client.SendAsync(HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { displayName = name });
        }

        await SealAsync();
        var second = (await client.GetJsonAsync($"/api/v1/audit?resourceId={branch.Tenant.Id.Value}"))
            .GetProperty("items")[1].GetProperty("id").GetGuid();
        await TamperAsync(tampering, second);

        var (intact, chains) = await VerifyAsync();

        intact.ShouldBeFalse();
        chains.Single(c => c.Finding != "intact").Finding.ShouldStartWith(finding);
        chains.Single(c => c.Finding != "intact").Organization.ShouldBe(branch.Tenant.Path);
    }

    [Fact]
    public async Task An_entry_slipped_in_and_a_tail_cut_off_show()
    {
        var branch = await _app.BranchAsync();
        await SealAsync();
        var head = (await VerifyAsync()).Chains.Single(c => c.Organization == branch.Tenant.Path).Head;
        await TamperAsync(
            """
            insert into identity.audit_entries (
                id, at, principal_kind, principal_id, principal_name, organization_id, action, owner_path, resources, changes)
            select $1, at, principal_kind, principal_id, principal_name, organization_id, action, owner_path, resources, changes
            from identity.audit_entries limit 1
            """, Id.NewGuid(_app.Clock.GetUtcNow()));
        (await VerifyAsync()).Chains.Single(c => c.Finding != "intact").Finding.ShouldEndWith("was never sealed");

        await TamperAsync(
            "with gone as (delete from identity.audit_seals where owner_path = $1) delete from identity.audit_entries where owner_path = $1",
            branch.Tenant.Path);

        (await VerifyAsync(head)).Chains.ShouldContain(c => c.Finding == "this head is no part of any chain any more" && c.Head == head);
    }

    [Fact]
    public async Task Two_processes_that_seal_at_once_make_one_chain()
    {
        var branch = await _app.BranchAsync();
        using var client = branch.As(Roles.PartnerAdministrator);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            await client.SendAsync(
                HttpMethod.Post, "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = $"t-{n}", displayName = "T" });
            await SealAsync();
        }));
        await SealAsync();

        var (intact, chains) = await VerifyAsync();

        intact.ShouldBeTrue();
        chains.Sum(c => c.Entries).ShouldBe(8 + 3);
    }

    [Theory]
    [InlineData("update identity.audit_entries set action = 'x'")]
    [InlineData("delete from identity.audit_entries")]
    [InlineData("truncate identity.audit_entries")]
    [InlineData("update identity.audit_seals set hash = hash")]
    [InlineData("delete from identity.audit_seals")]
    public async Task The_application_has_no_right_to_change_the_trail_even_without_the_trigger(string sql)
    {
        await TamperAsync("select 1");

        var refused = await Should.ThrowAsync<PostgresException>(() => ExecuteAsync(_app.Services.GetRequiredService<NpgsqlDataSource>(), sql));

        refused.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task The_trail_is_had_as_csv_within_the_scope_and_no_cell_is_a_formula()
    {
        var (branch, other) = (await _app.BranchAsync(), await _app.BranchAsync());
        using var client = branch.As(Roles.PartnerAdministrator);
        using var answer = await client.GetAsAsync("/api/v1/audit?action=identity.create_tenant", "text/csv");

        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        var lines = (await answer.Content.ReadAsStringAsync(Ct)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe("id,at,action,principalKind,principalId,principalName,organizationId,resources,changes,requestId");
        lines.Length.ShouldBe(2);
        lines[1].ShouldContain(branch.Tenant.Id.Value.ToString());
        lines[1].ShouldNotContain(other.Tenant.Id.Value.ToString());
    }

    private Task<int> SealAsync() => _app.Services.GetRequiredService<AuditSealer>().SealAsync(Ct);

    private Task<(bool Intact, IReadOnlyList<VerifyAudit.Chain> Chains)> VerifyAsync(params string[] heads) =>
        _app.Services.GetRequiredService<VerifyAudit>().RunAsync(null, heads, null, Ct);

    private async Task TamperAsync(string sql, params object[] values)
    {
        var owner = _app.Services.GetRequiredService<SchemaOwner>().Database;
        await ExecuteAsync(owner, "alter table identity.audit_entries disable trigger user");
        await ExecuteAsync(owner, "alter table identity.audit_seals disable trigger user");
        await ExecuteAsync(owner, sql, values);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(Ct);
    }
}

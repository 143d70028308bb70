using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Numbers;

/// <summary>What gets into a pool and out of it, and who finds it there.</summary>
public sealed class PoolTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_number_is_loaded_once_and_found_by_everyone()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var loaded = await platform.LoadAsync($"{prefix}1", locality: "Berlin");
        loaded.StatusCode.ShouldBe(HttpStatusCode.Created);
        var view = await loaded.JsonAsync();
        loaded.Headers.Location!.ToString().ShouldBe($"/api/v1/numbers/{view.IdOf()}");
        (view.Text("number"), view.Text("country"), view.Text("type"), view.Text("locality"), view.Text("state"))
            .ShouldBe(($"{prefix}1", "DE", "Geographic", "Berlin", "Available"));
        (await platform.LoadAsync($"{prefix}1").RefusalAsync()).ShouldBe("409 number_loaded");

        (await partner.FreeAsync(prefix)).ShouldBe([$"{prefix}1"]);
        (await partner.GetAsync($"/api/v1/numbers/{view.IdOf()}", Ct).RefusalAsync()).ShouldBe("404 number_not_found");
        (await platform.NumbersAsync($"/api/v1/numbers?number={prefix[1..]}1&state=available")).ShouldBe([$"{prefix}1"]);
        (await platform.NumbersAsync($"/api/v1/numbers?number={prefix[1..]}1&state=withdrawn")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"number":"030123456","country":"DE","type":"Mobile"}""", "422 validation_failed /number malformed")]
    [InlineData("""{"number":"+4930123456","country":"XX","type":"Mobile"}""", "422 validation_failed /country unknown_country")]
    [InlineData("""{"number":"+4930123456","country":"de","type":"Mobile"}""", "422 validation_failed /country unknown_country")]
    [InlineData("""{"number":"+4930123456","country":"DE","type":"Fax"}""", "400 malformed_json")]
    [InlineData("""{"number":"+4930123456","country":"DE"}""", "400 malformed_json")]
    [InlineData("""{"number":"+4930123456","country":"DE","type":"Mobile","locality":" "}""", "422 validation_failed /locality malformed")]
    public async Task What_is_no_number_is_not_loaded(string body, string refusal)
    {
        using var platform = (await app.BranchAsync()).Administrator();

        (await platform.PostAsync("/api/v1/numbers", new StringContent(body, System.Text.Encoding.UTF8, "application/json"), Ct).RefusalAsync())
            .ShouldStartWith(refusal);
    }

    [Fact]
    public async Task A_pool_is_for_its_own_branch_alone()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        var ofDistributor = await platform.LoadedAsync($"{prefix}1", organization: branch.Distributor.Id.Value);
        await platform.LoadedAsync($"{prefix}2", organization: branch.Partner.Id.Value);
        await platform.LoadedAsync($"{prefix}3");
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var stranger = other.As(Roles.DistributorAdministrator);

        (await partner.FreeAsync(prefix)).ShouldBe([$"{prefix}1", $"{prefix}2", $"{prefix}3"]);
        (await distributor.FreeAsync(prefix)).ShouldBe([$"{prefix}1", $"{prefix}3"]);
        (await distributor.FreeAsync(prefix, $"&tenantId={branch.Tenant.Id.Value}")).ShouldBe([$"{prefix}1", $"{prefix}2", $"{prefix}3"]);
        (await stranger.FreeAsync(prefix)).ShouldBe([$"{prefix}3"]);
        (await stranger.GetAsync($"/api/v1/numbers/available?tenantId={branch.Tenant.Id.Value}", Ct).RefusalAsync()).ShouldBe("404 tenant_not_found");

        (await stranger.GetAsync($"/api/v1/numbers/{ofDistributor}", Ct).RefusalAsync()).ShouldBe("404 number_not_found");
        (await distributor.NumberAsync(ofDistributor)).GetProperty("organizationId").GetGuid().ShouldBe(branch.Distributor.Id.Value);
        // Named, it is as if it had never been loaded.
        (await stranger.AllocateAsync(other.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("409 number_not_available");
        (await stranger.AllocateAsync(other.Tenant, $"{prefix}9").RefusalAsync()).ShouldBe("409 number_not_available");
        (await stranger.AllocateAnyAsync(other.Tenant, 2, prefix).RefusalAsync()).ShouldBe("409 numbers_exhausted");

        // The nearest pool first, whatever the order of the numbers.
        (await partner.AllocatedAsync(partner.AllocateAnyAsync(branch.Tenant, 1, prefix))).ShouldBe([$"{prefix}2"]);
        (await partner.AllocatedAsync(partner.AllocateAnyAsync(branch.Tenant, 2, prefix))).ShouldBe([$"{prefix}1", $"{prefix}3"]);
        // Who holds it sees it, but not whose pool it is of.
        (await partner.NumberAsync(ofDistributor)).GetProperty("organizationId").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task A_pool_is_not_a_tenants_nor_of_a_branch_that_is_suspended_or_not_there()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();

        (await platform.LoadAsync($"{prefix}1", organization: branch.Tenant.Id.Value).RefusalAsync())
            .ShouldBe("422 validation_failed /organizationId not_a_channel_organization");
        (await platform.LoadAsync($"{prefix}1", organization: Id.NewGuid(app.Now)).RefusalAsync()).ShouldBe("404 organization_not_found");
        (await platform.PostAsJsonAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}/suspend", new { reason = "unpaid" }, Ct))
            .EnsureSuccessStatusCode();
        (await platform.LoadAsync($"{prefix}1", organization: branch.Partner.Id.Value).RefusalAsync()).ShouldBe("409 organization_not_active");
        (await platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile", organization: branch.Partner.Id.Value).RefusalAsync())
            .ShouldBe("409 organization_not_active");
        (await platform.FreeAsync(prefix)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_is_loaded_whole_or_not_at_all_and_tried_before()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        await platform.LoadedAsync($"{prefix}5");
        var wrong = $"number,country,type,locality\r\n{prefix}1,DE,Geographic,Berlin\r\n{prefix}2,DE,Fax,\r\n{prefix}5,DE,Mobile,\r\n";

        using var tried = await platform.ImportAsync(wrong, dryRun: true);
        var view = await tried.JsonAsync();
        (view.GetProperty("dryRun").GetBoolean(), view.GetProperty("rows").GetInt32(), view.GetProperty("loaded").GetInt32()).ShouldBe((true, 2, 0));
        view.GetProperty("errors").EnumerateArray().Select(e => $"{e.GetProperty("row").GetInt32()} {e.Text("column")} {e.Text("code")}")
            .ShouldBe(["3 type unknown", "4 number number_loaded"]);
        (await platform.ImportAsync(wrong).RefusalAsync()).ShouldBe("422 validation_failed /rows/3/type unknown /rows/4/number number_loaded");
        (await platform.FreeAsync(prefix)).ShouldBe([$"{prefix}5"]);

        var right = $"number,country,type,locality\r\n{prefix}1,DE,Geographic,Berlin\r\n{prefix}2,AT,TollFree,\r\n";
        (await (await platform.ImportAsync(right, dryRun: true)).JsonAsync()).GetProperty("loaded").GetInt32().ShouldBe(2);
        (await platform.FreeAsync(prefix)).ShouldBe([$"{prefix}5"]);
        (await (await platform.ImportAsync(right)).JsonAsync()).GetProperty("loaded").GetInt32().ShouldBe(2);
        (await platform.FreeAsync(prefix, "&country=AT&type=tollfree")).ShouldBe([$"{prefix}2"]);
        (await platform.ImportAsync(right).RefusalAsync())
            .ShouldBe("422 validation_failed /rows/2/number number_loaded /rows/3/number number_loaded");

        (await platform.PostAsync("/api/v1/numbers/import", new ByteArrayContent([0x6e, 0xff]), Ct).RefusalAsync()).ShouldBe("400 not_utf8");
        (await platform.PostAsync("/api/v1/numbers/import", new ByteArrayContent(new byte[8 * 1024 * 1024 + 1]), Ct).RefusalAsync())
            .ShouldBe("413 body_too_large");
    }

    [Fact]
    public async Task Of_many_errors_the_first_are_told_and_how_many_there_are()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var wrong = "number,country,type\n" + string.Concat(Enumerable.Repeat("+49301,XX,Fax\n", 100));

        var view = await (await platform.ImportAsync(wrong, dryRun: true)).JsonAsync();
        using var refused = await platform.ImportAsync(wrong);
        using var broad = await platform.ImportAsync("number,country,type" + new string(',', 100_000), dryRun: true);
        using var named = await platform.ImportAsync($"number,country,type,{new string('n', 100_000)}", dryRun: true);

        (view.GetProperty("errorCount").GetInt32(), view.GetProperty("errors").GetArrayLength()).ShouldBe((300, 100));
        var problem = await refused.JsonAsync();
        (problem.GetProperty("errors").GetArrayLength(), problem.Text("detail"))
            .ShouldBe((100, "The file breaks rules in 300 places; the first 100 that were found are listed."));
        (await broad.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => e.Text("code")).ShouldBe(["too_many_columns"]);
        (await named.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => $"{e.Text("column")} {e.Text("code")}")
            .ShouldBe([$"{new string('n', 60)}… unknown_column"]);
    }

    [Fact]
    public async Task Of_files_with_the_same_numbers_at_once_one_is_loaded()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        var numbers = Enumerable.Range(100, 50).Select(i => $"{prefix}{i},DE,Mobile").ToList();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            platform.ImportAsync(string.Join('\n', (i % 2 == 0 ? numbers : Enumerable.Reverse(numbers)).Prepend("number,country,type")))));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        answers.Where(a => a.StatusCode is not HttpStatusCode.OK)
            .ShouldAllBe(a => a.StatusCode == HttpStatusCode.Conflict || a.StatusCode == HttpStatusCode.UnprocessableEntity);
        (await platform.FreeAsync(prefix)).Count.ShouldBe(50);
    }

    [Fact]
    public async Task What_another_is_just_loading_is_waited_for_and_then_refused()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        (await scope.ServiceProvider.GetRequiredService<ISender>()
            .Send(new LoadNumber.Command($"{prefix}1", "DE", NumberType.Mobile), Ct)).Refusal.ShouldBeNull();

        var importing = platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile\n{prefix}2,DE,Mobile\n");
        await app.WaitsForALockAsync(importing);
        await session.CommitAsync(Ct);

        (await importing.RefusalAsync()).ShouldBe("409 number_loaded");
        (await platform.FreeAsync(prefix)).ShouldBe([$"{prefix}1"]);
    }

    [Fact]
    public async Task A_withdrawn_number_is_nobodys_and_comes_back_as_the_same_for_another_branch()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var id = await platform.LoadedAsync($"{prefix}1");
        await partner.AllocatedAsync(partner.AllocateAsync(branch.Tenant, $"{prefix}1"));

        (await platform.DeleteAsync($"/api/v1/numbers/{id}", Ct).RefusalAsync()).ShouldBe("409 number_allocated");
        (await partner.ReleaseAsync(id)).EnsureSuccessStatusCode();
        (await platform.DeleteAsync($"/api/v1/numbers/{id}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await platform.DeleteAsync($"/api/v1/numbers/{id}", Ct).RefusalAsync()).ShouldBe("409 number_withdrawn");
        (await partner.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("409 number_not_available");
        (await platform.NumbersAsync($"/api/v1/numbers?number={prefix[1..]}1&state=Withdrawn")).ShouldBe([$"{prefix}1"]);

        (await platform.LoadedAsync($"{prefix}1", "Mobile", organization: branch.Distributor.Id.Value)).ShouldBe(id);
        var again = await platform.NumberAsync(id);
        // The quarantine goes on.
        (again.Text("state"), again.Text("type"), again.GetProperty("organizationId").GetGuid())
            .ShouldBe(("Quarantined", "Mobile", branch.Distributor.Id.Value));
        (await partner.FreeAsync(prefix)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_version_that_is_gone_withdraws_nothing()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var id = await platform.LoadedAsync($"{NumberCalls.Prefix()}1");
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/numbers/{id}");
        request.Headers.TryAddWithoutValidation("If-Match", "\"7\"");

        (await platform.SendAsync(request, Ct).RefusalAsync()).ShouldBe("412 precondition_failed");
        (await platform.NumberAsync(id)).Text("state").ShouldBe("Available");
    }

    [Theory]
    [InlineData(Roles.DistributorAdministrator)]
    [InlineData(Roles.PartnerAdministrator)]
    [InlineData(Roles.PlatformService)]
    public async Task Only_the_platforms_administrators_load(string role)
    {
        var branch = await app.BranchAsync();
        using var client = branch.As(role);

        (await client.LoadAsync($"{NumberCalls.Prefix()}1").RefusalAsync()).ShouldBe("403 not_allowed");
        (await client.ImportAsync("number,country,type").RefusalAsync()).ShouldBe("403 not_allowed");
    }

    [Fact]
    public async Task What_is_loaded_is_in_the_trail()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        (await platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile\n{prefix}2,DE,Mobile\n")).EnsureSuccessStatusCode();

        using var trail = await platform.GetAsync("/api/v1/audit?limit=200", Ct);
        var entries = (await trail.JsonAsync()).GetProperty("items").EnumerateArray().Where(e => e.Text("action") == "provisioning.import_numbers")
            .Select(e => e.GetRawText());
        entries.Single(e => e.Contains($"{prefix}1")).ShouldContain("\"count\":2");
    }

    [Fact]
    public async Task The_database_takes_no_number_twice_and_no_two_holders()
    {
        var branch = await app.BranchAsync();
        var number = $"{NumberCalls.Prefix()}1";
        using var platform = branch.Administrator();
        var id = await platform.LoadedAsync(number);
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, number));

        (await BreaksAsync(
            $"""
            insert into provisioning.inbound_numbers (id, number, country, type, pool_id, pool_path, owner_path, created_at, version)
            values (gen_random_uuid(), '{number}', 'DE', 'Mobile', gen_random_uuid(), '1.', '1.', now(), 1)
            """)).ShouldBe("inbound_numbers_number");
        (await BreaksAsync(
            $"""
            insert into provisioning.inbound_number_holdings (id, number_id, tenant_id, owner_path, from_at, begun_by)
            values (gen_random_uuid(), '{id}', gen_random_uuid(), '1.', now(), 'x')
            """)).ShouldBe("inbound_number_holdings_open");
        (await BreaksAsync($"update provisioning.inbound_numbers set withdrawn_at = now() where id = '{id}'")).ShouldBe("inbound_numbers_one_state");
        (await BreaksAsync($"update provisioning.inbound_numbers set number = '030' where id = '{id}'")).ShouldBe("inbound_numbers_e164");
    }

    private Task<string?> BreaksAsync(string sql) => app.InAsync<NpgsqlDataSource, string?>(async database =>
    {
        await using var command = database.CreateCommand(sql);
        return (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Ct))).ConstraintName;
    });
}

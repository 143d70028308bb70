using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Numbers;

public sealed class AllocationTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_number_is_allocated_seen_by_its_branch_and_released()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var tenant = branch.As(Roles.TenantUser);
        using var stranger = other.As(Roles.DistributorReader);
        var id = await platform.LoadedAsync($"{prefix}1");

        using var answer = await partner.AllocateAsync(branch.Tenant, $"{prefix}1");
        var view = (await answer.JsonAsync()).GetProperty("items")[0];
        (view.IdOf(), view.Text("state"), view.GetProperty("tenantId").GetGuid(), view.GetProperty("allocatedAt").GetDateTimeOffset())
            .ShouldBe((id, "Allocated", branch.Tenant.Id.Value, app.Now));

        (await partner.FreeAsync(prefix)).ShouldBeEmpty();
        (await tenant.NumbersAsync("/api/v1/numbers")).ShouldBe([$"{prefix}1"]);
        (await tenant.NumbersAsync($"/api/v1/numbers?tenantId={branch.Tenant.Id.Value}&state=Allocated&country=DE&type=Geographic"))
            .ShouldBe([$"{prefix}1"]);
        (await tenant.NumbersAsync("/api/v1/numbers?country=AT")).ShouldBeEmpty();
        (await stranger.NumbersAsync("/api/v1/numbers")).ShouldBeEmpty();
        (await stranger.GetAsync($"/api/v1/numbers/{id}", Ct).RefusalAsync()).ShouldBe("404 number_not_found");
        (await stranger.HistoryAsync(id)).ShouldBe(["404"]);
        (await partner.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("409 number_not_available");

        using var strangersAdministrator = other.As(Roles.PartnerAdministrator);
        (await strangersAdministrator.ReleaseAsync(id).RefusalAsync()).ShouldBe("404 number_not_found");
        using var released = await partner.ReleaseAsync(id, "moved out");
        (await released.JsonAsync()).Text("state").ShouldBe("Quarantined");
        (await partner.ReleaseAsync(id).RefusalAsync()).ShouldBe("409 number_not_allocated");
        (await app.HeardAsync(id))
            .ShouldBe(["provisioning.inbound-number-allocated.v1", "provisioning.inbound-number-released.v1"], ignoreOrder: true);
        (await partner.HistoryAsync(id)).ShouldBe([$"{branch.Tenant.Id.Value} {app.Today:yyyy-MM-dd} {app.Today:yyyy-MM-dd} moved out"]);
    }

    [Fact]
    public async Task All_that_are_asked_for_are_allocated_or_none()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile\n{prefix}2,DE,Geographic\n{prefix}3,AT,Mobile\n"))
            .EnsureSuccessStatusCode();

        (await partner.AllocateAsync(branch.Tenant, $"{prefix}1", $"{prefix}9").RefusalAsync()).ShouldBe("409 number_not_available");
        (await partner.AllocateAnyAsync(branch.Tenant, 4, prefix).RefusalAsync()).ShouldBe("409 numbers_exhausted");
        (await partner.FreeAsync(prefix)).Count.ShouldBe(3);

        (await partner.AllocatedAsync(
            AnyAsync(partner, branch, new { tenantId = branch.Tenant.Id.Value, count = 1, startsWith = prefix, country = "AT" })))
            .ShouldBe([$"{prefix}3"]);
        (await partner.AllocatedAsync(
            AnyAsync(partner, branch, new { tenantId = branch.Tenant.Id.Value, count = 1, startsWith = prefix, type = "Mobile" })))
            .ShouldBe([$"{prefix}1"]);
        (await partner.AllocatedAsync(AnyAsync(partner, branch, new { tenantId = branch.Tenant.Id.Value, count = 1, contains = $"{prefix[1..]}2" })))
            .ShouldBe([$"{prefix}2"]);
        (await partner.AllocateAnyAsync(branch.Tenant, 1, prefix).RefusalAsync()).ShouldBe("409 numbers_exhausted");
    }

    private static Task<HttpResponseMessage> AnyAsync(HttpClient client, Branch branch, object body) =>
        client.PostAsJsonAsync("/api/v1/numbers/allocate", body, Ct);

    [Theory]
    [InlineData("{}", "422 validation_failed /count one_of")]
    [InlineData("""{"count":0}""", "422 validation_failed /count out_of_range")]
    [InlineData("""{"count":101}""", "422 validation_failed /count out_of_range")]
    [InlineData("""{"numbers":[]}""", "422 validation_failed /numbers count")]
    [InlineData("""{"numbers":["030"]}""", "422 validation_failed /numbers/0 malformed")]
    [InlineData("""{"numbers":["+4930123456","+4930123456"]}""", "422 validation_failed /numbers duplicate")]
    [InlineData("""{"numbers":["+4930123456"],"count":1}""", "422 validation_failed /count one_of")]
    [InlineData("""{"numbers":["+4930123456"],"country":"DE","type":"Mobile","startsWith":"49","contains":"7"}""",
        "422 validation_failed /country one_of /type one_of /startsWith one_of /contains one_of")]
    [InlineData(
        """{"count":1,"country":"XX","startsWith":"x","contains":"%"}""",
        "422 validation_failed /country unknown_country /startsWith malformed /contains malformed")]
    [InlineData("""{"numbers":[null]}""", "400 malformed_json")]
    public async Task What_cannot_be_meant_is_refused_by_field(string body, string refusal)
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var whole = System.Text.Json.Nodes.JsonNode.Parse(body)!;
        whole["tenantId"] = branch.Tenant.Id.Value;

        (await partner.PostAsJsonAsync("/api/v1/numbers/allocate", whole, Ct).RefusalAsync()).ShouldStartWith(refusal);
    }

    [Fact]
    public async Task Only_ones_own_tenants_that_are_active_are_given_numbers()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        await platform.LoadedAsync($"{prefix}1");

        (await partner.AllocateAsync(other.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("404 tenant_not_found");
        (await partner.AllocateAsync(branch.Partner, $"{prefix}1").RefusalAsync()).ShouldBe("404 tenant_not_found");
        using var reader = branch.As(Roles.PartnerReader);
        (await reader.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("403 not_allowed");
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await tenant.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("403 not_allowed");

        (await platform.PostAsJsonAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "unpaid" }, Ct))
            .EnsureSuccessStatusCode();
        (await platform.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("409 tenant_not_active");
        (await platform.PostAsJsonAsync($"/api/v1/partners/{branch.Partner.Id.Value}/resume", new { }, Ct)).EnsureSuccessStatusCode();
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, $"{prefix}1"));
    }

    [Fact]
    public async Task Who_names_a_number_of_another_pool_neither_waits_for_it_nor_keeps_its_owner_waiting()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        await platform.LoadedAsync($"{prefix}1", organization: other.Partner.Id.Value);
        await using var owner = await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Ct);
        await using var transaction = await owner.BeginTransactionAsync(Ct);
        await using var hold = new NpgsqlCommand(
            $"select from provisioning.inbound_numbers where number = '{prefix}1' for update", owner, transaction);
        await hold.ExecuteNonQueryAsync(Ct);

        (await partner.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("409 number_not_available");
    }

    [Fact]
    public async Task The_same_key_allocates_once()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile\n")).EnsureSuccessStatusCode();
        partner.DefaultRequestHeaders.Add("Idempotency-Key", prefix);

        using var first = await partner.AllocateAnyAsync(branch.Tenant, 1, prefix);
        using var again = await partner.AllocateAnyAsync(branch.Tenant, 1, prefix);

        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await again.Content.ReadAsStringAsync(Ct)).ShouldBe(await first.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task That_a_pool_is_empty_is_not_kept_for_its_key()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        partner.DefaultRequestHeaders.Add("Idempotency-Key", prefix);
        (await partner.AllocateAnyAsync(branch.Tenant, 1, prefix).RefusalAsync()).ShouldBe("409 numbers_exhausted");

        await platform.LoadedAsync($"{prefix}1");

        (await partner.AllocatedAsync(partner.AllocateAnyAsync(branch.Tenant, 1, prefix))).ShouldBe([$"{prefix}1"]);
    }

    [Fact]
    public async Task A_version_that_is_gone_releases_nothing()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        var id = await platform.LoadedAsync($"{prefix}1");
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, $"{prefix}1"));
        using var read = await platform.GetAsync($"/api/v1/numbers/{id}", Ct);

        (await platform.SendAsync(Release("\"9\""), Ct).RefusalAsync()).ShouldBe("412 precondition_failed");
        (await platform.NumberAsync(id)).Text("state").ShouldBe("Allocated");
        using var released = await platform.SendAsync(Release(read.Headers.ETag!.ToString()), Ct);
        released.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var now = await platform.GetAsync($"/api/v1/numbers/{id}", Ct);
        released.Headers.ETag.ShouldBe(now.Headers.ETag);

        HttpRequestMessage Release(string version)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/numbers/{id}/release");
            request.Headers.TryAddWithoutValidation("If-Match", version);
            return request;
        }
    }

    [Fact]
    public async Task A_tenant_that_holds_a_number_is_not_closed()
    {
        var branch = await app.BranchAsync();
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        var id = await platform.LoadedAsync($"{prefix}1");
        await platform.LoadedAsync($"{prefix}2", organization: branch.Partner.Id.Value);
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, $"{prefix}1"));

        using var refused = await platform.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct);
        (await refused.JsonAsync()).Text("detail").ShouldBe("Still live there: 1 inbound numbers. End them first.");
        (await platform.ReleaseAsync(id)).EnsureSuccessStatusCode();
        (await platform.DeleteAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await platform.AllocateAsync(branch.Tenant, $"{prefix}1").RefusalAsync()).ShouldBe("409 tenant_not_active");
        // What is only in its pool does not hold a partner.
        (await platform.DeleteAsync($"/api/v1/partners/{branch.Partner.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Other_modules_doors_search_allocate_list_and_release()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var prefix = NumberCalls.Prefix();
        using var platform = branch.Administrator();
        (await platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile\n{prefix}2,DE,Geographic\n{prefix}3,AT,Mobile\n"))
            .EnsureSuccessStatusCode();
        var (tenant, page) = (branch.Tenant.Id, new PageStart(2, null));

        var found = await ByDoorAsync(n => n.SearchAsync(tenant, "DE", prefix[1..], page, Ct));
        found.Items.Select(n => $"{n.Number} {n.Type} {n.TenantId}").ShouldBe([$"{prefix}1 Mobile ", $"{prefix}2 Geographic "]);
        var first = await ByDoorAsync(n => n.SearchAsync(null, null, prefix[1..], page, Ct));
        (await ByDoorAsync(n => n.SearchAsync(null, null, prefix[1..], new PageStart(2, $"{prefix}2"), Ct))).Items.Single().Number.ShouldBe(
            $"{prefix}3");
        first.Next.ShouldNotBeNull();
        (await ByDoorAsync(n => n.AllocateAsync(tenant, $"{prefix}1", Ct))).TenantId.ShouldBe(tenant);
        (await app.InAsync<IInboundNumbers, Result<InboundNumberRef>>(n =>
            n.AllocateAsync(other.Tenant.Id, $"{prefix}1", Ct))).Refusal!.Code.ShouldBe("number_not_available");
        (await ByDoorAsync(n => n.HeldAsync(tenant, page, Ct))).Items.Single().Number.ShouldBe($"{prefix}1");
        (await app.InAsync<IInboundNumbers, Result<InboundNumberRef>>(n => n.ReleaseAsync(other.Tenant.Id, $"{prefix}1", Ct))).Refusal!.Code.ShouldBe(
            "number_not_found");
        (await ByDoorAsync(n => n.ReleaseAsync(tenant, $"{prefix}1", Ct))).TenantId.ShouldBeNull();
        (await ByDoorAsync(n => n.HeldAsync(tenant, page, Ct))).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task Other_modules_doors_page_through_what_a_tenant_holds()
    {
        var branch = await app.BranchAsync();
        var (tenant, prefix) = (branch.Tenant.Id, NumberCalls.Prefix());
        using var platform = branch.Administrator();
        (await platform.ImportAsync($"number,country,type\n{prefix}1,DE,Mobile\n{prefix}2,DE,Mobile\n")).EnsureSuccessStatusCode();
        await platform.AllocatedAsync(platform.AllocateAsync(branch.Tenant, $"{prefix}1", $"{prefix}2"));

        var first = await ByDoorAsync(n => n.HeldAsync(tenant, new PageStart(1, null), Ct));
        PageStart.Read(1, first.Next).Refused(out _, out var rest).ShouldBeFalse();
        var second = await ByDoorAsync(n => n.HeldAsync(tenant, rest!, Ct));

        first.Items.Concat(second.Items).Select(n => n.Number).ShouldBe([$"{prefix}1", $"{prefix}2"], ignoreOrder: true);
        second.Next.ShouldBeNull();
        (await app.InAsync<IInboundNumbers, Result<Page<InboundNumberRef>>>(n => n.HeldAsync(tenant, new PageStart(1, "none"), Ct)))
            .Refusal!.Code.ShouldBe("invalid_cursor");
    }

    private Task<T> ByDoorAsync<T>(Func<IInboundNumbers, Task<Result<T>>> ask) where T : notnull => app.InAsync<IInboundNumbers, T>(async numbers =>
        (await ask(numbers)).Refused(out var refusal, out var value) ? throw new InvalidOperationException(refusal.Message) : value);
}

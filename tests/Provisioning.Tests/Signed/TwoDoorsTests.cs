using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Tests.CustomerArea;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedTokenTests;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>One subscription changed through two doors at once. The signed door knows no lost race: it waits.</summary>
public sealed class TwoDoorsTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_signed_update_waits_for_a_change_through_another_door_and_sees_it()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");

        Task<HttpResponseMessage>? waiting = null;
        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            await using var change = new NpgsqlCommand($"update provisioning.subscriptions set version = version + 1 where tenant_id = '{branch.Tenant.Id.Value}'", connection, begun);
            (await change.ExecuteNonQueryAsync(Ct)).ShouldBe(1);
            waiting = caller.SendAsync(Body(branch, ",\"eliteSeats\":6"));
            await Eventually.TrueAsync(async () => (await app.RowsAsync(
                $"select pid::text from pg_locks where not granted and {connection.ProcessID} = any (pg_blocking_pids(pid))")).Count > 0);
            await begun.CommitAsync(Ct);
            return 0;
        });

        (await CodeAsync(waiting!)).ShouldBe("200");
    }

    [Fact]
    public async Task A_tenant_that_was_given_to_another_partner_a_moment_ago_keeps_its_one_subscription()
    {
        var branch = await app.BranchAsync();
        using var former = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(former.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        using var given = await platform.PostAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }, Ct);
        given.IsSuccessStatusCode.ShouldBeTrue(await given.Content.ReadAsStringAsync(Ct));

        // What the transfer means for the subscription has not been heard yet.
        using var taker = await SignedCaller.EnrolAsync(branch, next);
        var body = $$"""{"ccId":{"resellerId":"{{next.ExternalId}}","tenantId":"{{branch.Tenant.ExternalId}}"},"eliteSeats":6}""";
        using var reader = branch.As(Roles.PartnerReader, next);
        (await reader.GetFromJsonAsync<System.Text.Json.JsonElement>($"/api/v1/entitlements/{branch.Tenant.Id.Value}/eliteSeats", Ct)).GetProperty("quantity").GetString().ShouldBe("5");
        (await CodeAsync(taker.SendAsync(body))).ShouldBe("200");

        await app.DrainAsync();
        (await app.RowsAsync($"select owner_path || ' ' || (history -> -1 -> 'quantities' ->> 'eliteSeats') from provisioning.subscriptions where tenant_id = '{branch.Tenant.Id.Value}'"))
            .ShouldHaveSingleItem().ShouldStartWith(next.Path);
        (await reader.GetFromJsonAsync<System.Text.Json.JsonElement>($"/api/v1/entitlements/{branch.Tenant.Id.Value}/eliteSeats", Ct)).GetProperty("quantity").GetString().ShouldBe("6");
    }

    [Fact]
    public async Task What_goes_with_a_transferred_tenant_is_another_version_of_it()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        using var partner = branch.Partner();
        (await partner.AreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code })).GetProperty("code").GetInt32().ShouldBe(200);
        var held = $"select 's ' || version from provisioning.subscriptions where tenant_id = '{branch.Tenant.Id.Value}' union all "
            + $"select 'l ' || version from provisioning.licenses where tenant_id = '{branch.Tenant.Id.Value}' order by 1";
        (await app.RowsAsync(held)).ShouldBe(["l 1", "s 1"]);
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        using var given = await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }, Ct);
        given.EnsureSuccessStatusCode();

        await app.DrainAsync();

        // Whoever looked before it went cannot write over it.
        (await app.RowsAsync(held)).ShouldBe(["l 2", "s 2"]);
    }

    [Fact]
    public async Task Of_many_through_both_doors_every_signed_one_is_done()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        using var partner = branch.As(Roles.PartnerAdministrator);

        var other = Enumerable.Range(0, 10).Select(i => partner.PatchAsJsonAsync(
            $"/api/v1/licensing/{branch.Tenant.Id.Value}", new { seats = new { essentialSeats = 10 + i } }, Ct)).ToList();
        var signed = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => CodeAsync(caller.SendAsync(Body(branch, $",\"eliteSeats\":{10 + i}")))));

        signed.Distinct().ShouldBe(["200"]);
        (await Task.WhenAll(other)).Select(a => a.StatusCode).Except([HttpStatusCode.OK, HttpStatusCode.Conflict]).ShouldBeEmpty();
    }
}

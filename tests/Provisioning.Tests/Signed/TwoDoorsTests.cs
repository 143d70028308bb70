using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
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

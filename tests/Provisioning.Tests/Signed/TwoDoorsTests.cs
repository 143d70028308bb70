using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

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
            // As the other door leaves it: nine essential seats beside the five elite ones.
            await using var change = new NpgsqlCommand(
                $$"""
                update provisioning.subscriptions set version = version + 1,
                    history = jsonb_set(history, '{0,quantities}', history -> 0 -> 'quantities' || '{"essentialSeats":9}')
                where tenant_id = '{{branch.Tenant.Id.Value}}'
                """, connection, begun);
            (await change.ExecuteNonQueryAsync(Ct)).ShouldBe(1);
            waiting = caller.SendAsync(Body(branch, ",\"eliteSeats\":6"));
            await Eventually.TrueAsync(async () => (await app.RowsAsync(
                $"select pid::text from pg_locks where not granted and {connection.ProcessID} = any (pg_blocking_pids(pid))")).Count > 0);
            await begun.CommitAsync(Ct);
            return 0;
        });

        (await CodeAsync(waiting!)).ShouldBe("200");
        (await HeldAsync(branch)).ShouldBe("elite 6, essential 9");
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
        var answers = (await Task.WhenAll(other)).Select(a => a.StatusCode).ToList();
        answers.Except([HttpStatusCode.OK, HttpStatusCode.Conflict]).ShouldBeEmpty();
        // Each that was done is in the history, none has undone another's.
        var essential = answers.Count(a => a is HttpStatusCode.OK);
        (await app.RowsAsync(
            $"""
            select count(*)::text from provisioning.subscription_history h join provisioning.subscriptions s on s.id = h.subscription_id
            where s.tenant_id = '{branch.Tenant.Id.Value}' and h.what = 'QuantitiesChanged'
            """)).ShouldBe([$"{10 + essential}"]);
        (await HeldAsync(branch)).ShouldMatch(essential > 0 ? "^elite 1[0-9], essential 1[0-9]$" : "^elite 1[0-9], essential 0$");
    }

    private static async Task<string> HeldAsync(Branch branch)
    {
        using var partner = branch.As(Roles.PartnerReader);
        var seats = (await partner.GetFromJsonAsync<JsonElement>($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).GetProperty("seats");
        return $"elite {seats.GetProperty("eliteSeats").GetInt32()}, essential {seats.GetProperty("essentialSeats").GetInt32()}";
    }
}

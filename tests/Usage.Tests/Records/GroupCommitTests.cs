using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Records;

/// <summary>A host of which a few requests are enough to keep it busy.</summary>
public sealed class TwoWritersApp : UsageApp
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Usage:Writers"] = "2" };
}

/// <summary>Many requests in one transaction, each with the answer that it would have got by itself.</summary>
public sealed class GroupCommitTests(TwoWritersApp app) : IClassFixture<TwoWritersApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_gathers_while_others_are_stored_commits_together_and_each_is_told_of_its_own()
    {
        var customer = await app.CustomerAsync();
        (await customer.SendAsync(customer.Record("before", "1"))).Counts.ShouldBe("1 0 0");
        var sent = await GatheredAsync(
            2, () => customer.SendAsync(customer.Record("x1")), () => customer.SendAsync(customer.Record("x2")),
            // These gather: among them two with one id and other content, one that repeats what is stored, one that contradicts it.
            () => customer.SendAsync(customer.Record("a", "1"), customer.Record("b")), () => customer.SendAsync(customer.Record("a", "2")),
            () => customer.SendAsync(customer.Record("before", "1")), () => customer.SendAsync(customer.Record("before", "3"), customer.Record("c")),
            () => customer.SendAsync(customer.Record("d", "x"), customer.Record("d", "1")));

        string[] counts = [.. sent.Select(s => s.Counts)];
        counts[..2].ShouldBe(["1 0 0", "1 0 0"]);
        (counts[2], counts[3]).ShouldBeOneOf(("2 0 0", "0 0 1"), ("1 0 1", "1 0 0"));
        counts[4..].ShouldBe(["0 1 0", "1 0 1", "1 0 1"]);
        (await customer.StoredAsync()).ShouldBe(7);
        (await TransactionsAsync(customer)).ShouldBeLessThanOrEqualTo(4);
        (await app.SqlAsync<long>("select count(*) from identity.audit_entries where owner_path = $1 and action = 'usage.ingest_usage'",
            customer.Branch.Partner.Path)).ShouldBe(8);
        (await app.SqlAsync<long>("select count(*) from usage.dirty_days where tenant_id = $1 and batch_id in (select batch_id from usage.records)",
            customer.Tenant.Id.Value)).ShouldBeGreaterThanOrEqualTo(5);
        (await customer.TotalAsync()).ShouldNotBeNull();
    }

    [Fact]
    public async Task One_whose_batch_the_server_refuses_does_not_take_the_others_along()
    {
        var customer = await app.CustomerAsync();
        var stranger = await app.CustomerAsync();
        // Something only the server knows, as a table without room would be.
        await ExecuteAsync($"alter table usage.record_keys add constraint broken check (tenant_id <> '{stranger.Tenant.Id.Value}') not valid");
        try
        {
            var sent = await GatheredAsync(
                2, () => customer.SendAsync(customer.Record("a")), () => customer.SendAsync(customer.Record("b")),
                () => stranger.SendAsync(stranger.Record("s")), () => customer.SendAsync(customer.Record("c")));
            sent.Select(s => (int)s.Status).ShouldBe([200, 200, 500, 200]);
            (await customer.StoredAsync()).ShouldBe(3);
        }
        finally
        {
            await ExecuteAsync("alter table usage.record_keys drop constraint broken");
        }
    }

    [Theory]
    [InlineData("40001", "")]
    [InlineData("40P01", "")]
    [InlineData("40001", "?atomic=true")]
    public async Task A_lone_batch_that_the_server_undoes_is_stored_all_the_same(string code, string way)
    {
        var customer = await app.CustomerAsync();
        // At the commit, where nobody is asked any more.
        await ExecuteAsync($"""
            create sequence usage.undone;
            create function usage.undo() returns trigger language plpgsql security definer as $$
            begin
                if nextval('usage.undone') <= 3 then raise exception 'injected' using errcode = '{code}'; end if;
                return null;
            end $$;
            create constraint trigger undo after insert on usage.record_keys deferrable initially deferred
                for each row execute function usage.undo();
            create trigger undo before insert on usage.daily_rollups for each statement execute function usage.undo()
            """);
        try
        {
            (await customer.SendAsync(way, [customer.Record("a", "3")])).Counts.ShouldBe("1 0 0");
            (await app.SqlAsync<long>("select last_value from usage.undone")).ShouldBe(4);
            await ExecuteAsync("alter sequence usage.undone restart");
            (await customer.TotalAsync()).ShouldBe("3");
            (await app.SqlAsync<long>("select last_value from usage.undone")).ShouldBe(4);
        }
        finally
        {
            await ExecuteAsync("drop function usage.undo() cascade; drop sequence usage.undone");
        }
    }

    [Fact]
    public async Task A_host_that_met_duplicates_looks_for_them_first_and_answers_alike()
    {
        var customer = await app.CustomerAsync();
        for (var round = 0; round < 40; round++)
        {
            (await customer.SendAsync(customer.Record($"r{round}", "1"), customer.Record($"n{round}"))).Counts
                .ShouldBe(round % 10 == 1 ? "1 0 1" : "2 0 0");
            if (round % 10 == 0)
                (await customer.SendAsync(customer.Record($"r{round}", "1"), customer.Record($"r{round + 1}", "7"))).Counts.ShouldBe("1 1 0");
        }

        (await customer.StoredAsync()).ShouldBe(80);
    }

    // Both writers are held by a lock until all the others wait behind them.
    private async Task<Outcome[]> GatheredAsync(int writers, params Func<Task<Outcome>>[] sends)
    {
        await using var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using (var hold = new NpgsqlCommand("begin; lock table usage.record_keys in exclusive mode", connection))
            await hold.ExecuteNonQueryAsync(Ct);
        var sent = new List<Task<Outcome>>();
        foreach (var send in sends[..writers])
        {
            sent.Add(send());
            await app.WaitForLocksAsync([.. sent]);
        }

        sent.AddRange(sends[writers..].Select(send => send()));
        var queue = app.Services.GetRequiredService<Usage.Records.IngestQueue>();
        await Eventually.TrueAsync(() => Task.FromResult(queue.Waiting == sends.Length - writers));
        await using (var release = new NpgsqlCommand("commit", connection))
            await release.ExecuteNonQueryAsync(Ct);
        return await Task.WhenAll(sent);
    }

    private Task<long> TransactionsAsync(Customer customer) =>
        app.SqlAsync<long>("select count(distinct xmin::text) from usage.record_keys where tenant_id = $1", customer.Tenant.Id.Value);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}

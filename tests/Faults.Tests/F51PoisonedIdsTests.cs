using Npgsql;

namespace Licensing.Faults;

/// <summary>F51: somebody sends the ids of another tenant before he does, or an id again with other content.</summary>
[Trait("Fault", "F51")]
public sealed class F51PoisonedIdsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ids_are_each_tenants_own_and_other_content_is_told_and_changes_nothing()
    {
        await using var faulted = await FaultedHost.StartAsync(new Dictionary<string, string>(), Ct);
        var senders = await UsageSender.MakeAsync(faulted, 2, Ct);
        var (poisoner, victim) = (senders[0], senders[1]);
        // One of them a UUID, which is its own key, and one that is hashed.
        string[] ids = ["0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", "invoice-7"];
        (await poisoner.SendAsync(Ct, [.. ids.Select(id => poisoner.Record(id, "666"))])).Counts.ShouldBe("2 0 0");
        (await victim.SendAsync(Ct, [.. ids.Select(id => victim.Record(id, "1"))])).Counts.ShouldBe("2 0 0");

        var conflict = await victim.SendAsync(Ct, [.. ids.Select(id => victim.Record(id, "2")), victim.Record(ids[0], "1")]);
        conflict.Counts.ShouldBe("0 1 2");
        conflict.Body!["rejected"]!.AsArray().Select(r => $"{r!["index"]} {r["code"]}").ShouldBe(["0 usage_id_conflict", "1 usage_id_conflict"]);

        await using var source = NpgsqlDataSource.Create(faulted.Postgres.DirectConnectionString);
        await using var stored = source.CreateCommand("select string_agg(quantity::int::text, ' ' order by quantity) from usage.records");
        (await stored.ExecuteScalarAsync(Ct)).ShouldBe("1 1 666 666");
        await using var audited = source.CreateCommand(
            "select count(*) from identity.audit_entries where action = 'usage.ingest_usage' and changes @> '[{\"changes\":{\"conflicts\":2}}]'");
        (await audited.ExecuteScalarAsync(Ct)).ShouldBe(1L);
        await faulted.HoldsAsync(Ct);
    }
}

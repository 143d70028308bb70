using Licensing.Host.Database;
using Licensing.Usage.Records;
using Npgsql;

namespace Licensing.Usage.Tests.Records;

/// <summary>Months of raw records are made ahead, caught where none was made, and dropped with their keys when they are over.</summary>
public sealed class RecordPartitionsTests : IAsyncLifetime
{
    // Each moves the clock by years, and so has a host of its own.
    private readonly UsageApp _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Months_are_there_from_the_start_and_made_ahead_as_time_goes()
    {
        (await NamesAsync()).ShouldBe(["records_2026_01", "records_2026_02", "records_2026_03"]);
        _app.Clock.Advance(TimeSpan.FromDays(31));
        await RunAsync();
        (await NamesAsync()).ShouldBe(["records_2026_01", "records_2026_02", "records_2026_03", "records_2026_04"]);
        await RunAsync();
        (await NamesAsync()).Length.ShouldBe(4);
    }

    [Fact]
    public async Task A_record_lies_in_the_month_of_its_receipt()
    {
        var customer = await _app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", start: "2025-12-31T12:00:00Z"));
        (await _app.SqlAsync<long>("select count(*) from usage.records_2026_01")).ShouldBe(1);
    }

    [Fact]
    public async Task What_comes_in_a_month_that_nobody_made_is_kept_and_moved_when_it_is_made()
    {
        var customer = await _app.CustomerAsync();
        _app.Clock.Advance(TimeSpan.FromDays(120));
        (await customer.SendAsync(customer.Record("late", start: "2026-05-10T12:00:00Z"))).Counts.ShouldBe("1 0 0");
        (await _app.SqlAsync<long>("select count(*) from usage.records_default")).ShouldBe(1);
        _app.Clock.Advance(TimeSpan.FromDays(60));

        await RunAsync();
        (await _app.SqlAsync<long>("select count(*) from usage.records_default")).ShouldBe(0);
        (await _app.SqlAsync<long>("select count(*) from usage.records_2026_05")).ShouldBe(1);
        (await customer.SendAsync(customer.Record("late", start: "2026-05-10T12:00:00Z"))).Counts.ShouldBe("0 1 0");
    }

    [Fact]
    public async Task A_month_goes_with_its_keys_once_none_of_its_ids_can_come_again()
    {
        var customer = await _app.CustomerAsync();
        await customer.SendAsync(customer.Record("old"), customer.Record("0197a1b2-0000-7000-8000-00000000000a"));
        // The youngest start that this month may have taken is thirteen months old by now, but not for a process whose clock is behind.
        _app.Clock.Advance(new DateTimeOffset(2027, 3, 2, 0, 0, 0, TimeSpan.Zero) - _app.Clock.GetUtcNow());
        await customer.SendAsync(customer.Record("young", start: "2027-02-20T00:00:00Z"));
        await RunAsync();
        (await customer.StoredAsync()).ShouldBe(3);
        (await KeysAsync()).ShouldBe(3);

        _app.Clock.Advance(TimeSpan.FromDays(1));
        (await RunAsync()).ShouldBe(2);
        (await customer.StoredAsync()).ShouldBe(1);
        (await KeysAsync()).ShouldBe(1);
        (await NamesAsync()).ShouldNotContain("records_2026_01");
        (await customer.SendAsync(customer.Record("old"))).Rejected.ShouldBe([(0, "start_too_old")]);
        (await customer.SendAsync(customer.Record("young", start: "2027-02-20T00:00:00Z"))).Counts.ShouldBe("0 1 0");
    }

    [Fact]
    public async Task What_asks_for_a_day_anew_is_done_before_its_records_go()
    {
        var customer = await _app.CustomerAsync();
        await customer.SendAsync(customer.Record("stays", "5"), customer.Record("goes", "3"));
        (await customer.TotalAsync()).ShouldBe("8");
        var correction = Customer.Json("""{"recordId":"goes","action":"reverse","reason":"r"}""");
        (await customer.Partner().PostAsync("/api/v1/usage/corrections", correction, Ct)).IsSuccessStatusCode.ShouldBeTrue();
        await customer.SendAsync(customer.Record("late", "1"));

        // Nobody has merged for more than a year.
        _app.Clock.Advance(TimeSpan.FromDays(450));
        await RunAsync();
        (await customer.StoredAsync()).ShouldBe(0);
        (await customer.TotalAsync()).ShouldBe("6");
    }

    [Theory]
    [InlineData("a batch")]
    [InlineData("a day")]
    public async Task A_month_stays_while_something_of_it_cannot_be_merged(string mark)
    {
        var (customer, other) = (await _app.CustomerAsync(), await _app.CustomerAsync());
        await customer.SendAsync(customer.Record("a", "5"), customer.Record("goes", "3"));
        if (mark == "a day")
        {
            (await customer.TotalAsync()).ShouldBe("8");
            var correction = Customer.Json("""{"recordId":"goes","action":"reverse","reason":"r"}""");
            (await customer.Partner().PostAsync("/api/v1/usage/corrections", correction, Ct)).IsSuccessStatusCode.ShouldBeTrue();
        }

        _app.Clock.Advance(TimeSpan.FromDays(31));
        await RunAsync();
        await other.SendAsync(other.Record("february", start: "2026-02-10T00:00:00Z"));
        (await customer.TotalAsync()).ShouldBe(mark == "a day" ? "5" : "8");
        await (mark == "a day"
            ? _app.SqlAsync<object>("insert into usage.dirty_days (tenant_id, day) values ($1, '2026-01-10')", customer.Tenant.Id.Value)
            : _app.SqlAsync<object>("""
                with k as (select batch_id from usage.record_keys where record_key = usage.record_key('a'))
                insert into usage.dirty_days (tenant_id, day, batch_id) select $1, '2026-01-10', batch_id from k
                """, customer.Tenant.Id.Value));
        // The time of January and of February is over.
        _app.Clock.Advance(TimeSpan.FromDays(450));
        await _app.SqlAsync<object>("alter table usage.daily_rollups add constraint broken check (day <> '2026-01-10') not valid");
        await RunAsync();
        (await NamesAsync()).ShouldContain("records_2026_01");
        // A day may have records of every month since.
        (await NamesAsync()).Contains("records_2026_02").ShouldBe(mark == "a day");
        (await KeysAsync()).ShouldBe(mark == "a day" ? 3 : 2);

        await _app.SqlAsync<object>("alter table usage.daily_rollups drop constraint broken");
        await RunAsync();
        (await NamesAsync()).ShouldNotContain("records_2026_01");
        (await KeysAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Removal_that_stopped_half_way_is_finished_by_the_next_round()
    {
        var customer = await _app.CustomerAsync();
        await customer.SendAsync([.. Enumerable.Range(0, 500).Select(i => customer.Record($"r-{i}"))]);
        (await _app.SqlAsync<int>("select usage.remove_keys('records_2026_01', 0, 1)")).ShouldBeInRange(1, 499);
        // A month that is not over is not dropped, whoever asks for it.
        (await _app.SqlAsync<bool>("select usage.drop_partition('records_2026_01', '2026-01-31')")).ShouldBeFalse();
        _app.Clock.Advance(TimeSpan.FromDays(450));
        // Its key is free, its record still there: the id that is used anew keeps its new key.
        (await customer.SendAsync(customer.Record("r-0", start: "2027-04-01T00:00:00Z"))).Counts.ShouldBe("1 0 0");
        await RunAsync();
        (await KeysAsync()).ShouldBe(1);
        (await customer.StoredAsync()).ShouldBe(1);
        (await customer.SendAsync(customer.Record("r-0", start: "2027-04-01T00:00:00Z"))).Counts.ShouldBe("0 1 0");
    }

    [Fact]
    public async Task Two_processes_may_do_it_at_once()
    {
        await using var second = await _app.StartSecondHostAsync();
        _app.Clock.Advance(TimeSpan.FromDays(100));
        await Task.WhenAll(RunAsync(), Service<RecordPartitions>(second.Services).RunAsync(Ct));
        (await NamesAsync()).Length.ShouldBe(6);
    }

    [Theory]
    [InlineData("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b")]
    [InlineData("0197A1B2-C3D4-7E5F-8A6B-7C8D9E0F1A2B")]
    [InlineData("0197a1b2-c3d4-7e5f-ca6b-7c8d9e0f1a2b")]
    [InlineData("0197a1b2c3d47e5f8a6b7c8d9e0f1a2b")]
    [InlineData("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b\n")]
    [InlineData("a")]
    [InlineData("Größe 7 \U0001F600")]
    public async Task The_database_and_the_host_know_an_id_by_the_same_key(string id) =>
        (await _app.SqlAsync<Guid>("select usage.record_key($1)", id)).ShouldBe(KeyOf(id));

    [Fact]
    public void A_hashed_key_is_never_some_ids_own()
    {
        KeyOf("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b").ShouldBe(new Guid("0197a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"));
        for (var i = 0; i < 1000; i++)
            KeyOf($"id-{i}").ToString()[19].ShouldBeOneOf('c', 'd', 'e', 'f');
    }

    [Fact]
    public async Task Records_from_before_there_were_partitions_are_kept_and_recognised() => await _app.InAsync<SchemaOwner, int>(async owner =>
    {
        await using var connection = await owner.Database.OpenConnectionAsync(Ct);
        // Rolled back when the connection goes, so that the host keeps its own tables.
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        async Task<object?> AskAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            return await command.ExecuteScalarAsync(Ct);
        }

        await AskAsync("drop schema usage cascade; create schema usage");
        await AskAsync(Script("0001"));
        await AskAsync(
            """
            insert into usage.records
            select i::text, '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b', md5(i::text)::uuid,
                '2025-12-01', null, timestamptz '2025-12-01' + i * interval '1 day', '2025-12-01', i, '1.', 'm', '', '', null, null
            from generate_series(1, 40) i
            """);
        await AskAsync("insert into usage.dirty_days (tenant_id, day) values ('00000000-0000-0000-0000-00000000000a', '2025-12-01')");
        await AskAsync(Script("0002"));

        (await AskAsync("select count(*) || ' ' || sum(quantity)::int from usage.records")).ShouldBe("40 820");
        (await AskAsync("select count(*) from usage.record_keys where content_hash = md5('7')::uuid and record_key = usage.record_key('7')"))
            .ShouldBe(1L);
        (await AskAsync("select from_at::text || ' ' || (until_at at time zone 'UTC')::text from usage.record_partitions"))
            .ShouldBe("-infinity 2026-02-01 00:00:00");
        (await AskAsync("select usage.make_partitions('2026-01-20', 3)")).ShouldBe(2);
        (await AskAsync("select count(*) from usage.dirty_days where batch_id is null")).ShouldBe(1L);
        return 0;
    });

    private static string Script(string number)
    {
        var assembly = typeof(UsageModule).Assembly;
        var name = assembly.GetManifestResourceNames().Single(n => n.Contains($".{number}_") && n.EndsWith(".sql", StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static T Service<T>(IServiceProvider services) where T : notnull =>
        Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<T>(services);

    private static Guid KeyOf(string id) => Licensing.Usage.Data.Uuids.Of(RecordKey.Of(System.Text.Encoding.UTF8.GetBytes(id)));

    private Task<int> RunAsync() => Service<RecordPartitions>(_app.Services).RunAsync(Ct);

    private Task<string[]> NamesAsync() => _app.SqlAsync<string[]>("select array_agg(name order by name) from usage.record_partitions");

    private Task<long> KeysAsync() => _app.SqlAsync<long>("select count(*) from usage.record_keys");
}

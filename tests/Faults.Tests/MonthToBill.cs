using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Licensing.Faults;

/// <summary>The month before this one, with a few tenants who held and used something in it, for what is done to its billing run.</summary>
internal sealed class MonthToBill
{
    /// <summary>Two tenants a chunk, one chunk at a time: the places come in one order, and a few tenants are several chunks.</summary>
    public static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string>
    {
        ["Billing__ChunkTenants"] = "2",
        ["Billing__Workers"] = "1",
        ["Billing__ChunkLease"] = "00:00:02",
        ["Database__IdleInTransaction"] = "00:00:10",
        ["Messaging__PollInterval"] = "00:00:00.1",
        ["Messaging__Lease"] = "00:00:02",
    };

    private readonly FaultedHost _faulted;

    private MonthToBill(FaultedHost faulted, UsageSender[] senders, DateOnly first) => (_faulted, Senders, First) = (faulted, senders, first);

    public UsageSender[] Senders { get; }

    public DateOnly First { get; }

    public string Period => $"{First:yyyy-MM}";

    public static async Task<MonthToBill> MakeAsync(FaultedHost faulted, int tenants, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var first = new DateOnly(today.Year, today.Month, 1).AddMonths(-1);
        var senders = await UsageSender.MakeAsync(faulted, tenants, ct);
        using (var client = faulted.Client())
        {
            using var rate = await client.PutAsJsonAsync(
                "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = "2020-01-01" }, ct);
            rate.EnsureSuccessStatusCode();
        }

        var month = new MonthToBill(faulted, senders, first);
        for (var i = 0; i < tenants; i++)
            await month.UseAsync(i, "month", $"{100 + i}.005", ct);
        return month;
    }

    /// <summary>On the month's last day, which is within what <see cref="UsageSender"/> subscribes to, whatever today is.</summary>
    public async Task UseAsync(int tenant, string id, string quantity, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var last = First.AddMonths(1).AddDays(-1).DayNumber - today.DayNumber;
        (await Senders[tenant].UntilTakenAsync(ct, Senders[tenant].Record(id, quantity, last))).Counts.ShouldBe("1 0 0");
    }

    /// <summary>Starts the run through the API; answers its operation.</summary>
    public async Task<string> StartAsync(string period, bool issue, CancellationToken ct) =>
        (await _faulted.PostAsync($"billing/generate/{period}", new { issue }, ct)).GetProperty("operationId").GetString()!;

    /// <summary>Whether no run is left to be worked on.</summary>
    public async Task<bool> FinishedAsync(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(_faulted.Postgres.DirectConnectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand("select bool_and(state = 'Finished') from billing.runs", connection);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    /// <summary>Each of the tenants held one more subscription all the month, as is found out only now.</summary>
    public async Task SubscribeAgainAsync(CancellationToken ct)
    {
        foreach (var sender in Senders)
            await sender.SubscribeAgainAsync(ct);
    }

    /// <summary>Waits until the host says that it is done; its result.</summary>
    public async Task<string> ResultAsync(string operation, CancellationToken ct)
    {
        JsonElement told = default;
        await Eventually.TrueAsync(async () =>
        {
            using var client = _faulted.Client();
            told = await client.GetFromJsonAsync<JsonElement>($"/api/v1/operations/{operation}", ct);
            return told.GetProperty("state").GetString() is not "Running";
        });
        told.GetProperty("state").GetString().ShouldBe("Succeeded", told.GetRawText());
        return told.GetProperty("result").GetRawText();
    }

    /// <summary>Every invoice with its lines, but for what each run makes anew: ids and instants.</summary>
    public Task<string> BilledAsync(string connectionString, CancellationToken ct) =>
        BilledAsync(connectionString, ["id", "invoice_id", "created_at", "issued_at"], ct);

    /// <summary>Every column of every invoice with its lines.</summary>
    public Task<string> RowsAsync(string connectionString, CancellationToken ct) => BilledAsync(connectionString, [], ct);

    /// <summary>Computed again from the raw records and by nothing of the product, each of the month's own lines comes to the same cents.</summary>
    public async Task RecomputesAsync(string connectionString, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            """
            select count(*) filter (where l.charge_key = 'calls') || ' of ' || count(distinct i.tenant_id) || ', wrong: '
                || count(*) filter (where l.charge_key not in ('base', 'calls') or l.net is distinct from round(case l.charge_key
                    when 'base' then 1.0 * l.days / l.period_days
                    else 0.07 * (select sum(r.quantity) from usage.records r where r.tenant_id = l.tenant_id
                        and r.subscription_id = l.subscription_id and r.day >= i.period_start and r.day < i.period_end) end, 2))
            from billing.invoices i join billing.invoice_lines l on l.invoice_id = i.id
            where i.period_start = $1 and i.status <> 'Void' and l.adjustment = 0
            """, connection)
        { Parameters = { new() { Value = First } } };
        (await command.ExecuteScalarAsync(ct)).ShouldBe($"{Senders.Length} of {Senders.Length}, wrong: 0");
    }

    private async Task<string> BilledAsync(string connectionString, string[] without, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(
            """
            select string_agg(invoice || E'\n' || lines, E'\n' order by invoice) from (
                select (to_jsonb(i) - $2)::text as invoice,
                    (select string_agg((to_jsonb(l) - $2)::text, E'\n' order by l.position)
                     from billing.invoice_lines l where l.invoice_id = i.id) as lines
                from billing.invoices i where period_start = $1) x
            """, connection)
        { Parameters = { new() { Value = First }, new() { Value = without } } };
        return await command.ExecuteScalarAsync(ct) as string ?? throw new InvalidOperationException("Nothing is billed.");
    }
}

using Npgsql;

namespace Licensing.Faults;

/// <summary>
/// F04: the process dies as it writes off credit whose end has come and renews what goes on for another term, between any two of its statements,
/// before it commits, and after that before it has acknowledged. Here it is a process that is killed, and its claims end with their lease alone;
/// the modules' own tests go through the same places within one process.
/// </summary>
[Trait("Fault", "F04")]
public sealed class F04KilledTermsTests
{
    private const int Terms = 4;
    private const int Lots = 4;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Begun_again_nothing_is_done_twice_and_nothing_left_out()
    {
        await using var faulted = await FaultedHost.StartAsync(MonthToBill.Settings, Ct);
        await AgreeAsync(faulted);
        await faulted.Host.KillAsync(Ct);
        await using var databases = await Databases.OfAsync(faulted, Ct);
        // The end has come of all of it at once; nobody has written of it yet.
        await databases.ExecuteAsync(faulted.Postgres.DirectConnectionString,
            """
            update billing.credit_lots set expires_at = created_at + interval '1 millisecond' where expires_at is not null;
            update billing.outbox set deliver_at = now() where name = 'billing.credit-lapse-due.v1';
            update provisioning.outbox set deliver_at = now() where name = 'provisioning.subscription-term-due.v1'
            """, Ct);
        NpgsqlConnection.ClearAllPools();

        var whole = await databases.CopyAsync("whole", Ct);
        (await ServedAsync(faulted, whole, fault: null)).ShouldBeTrue();
        var written = await WrittenAsync(whole);
        written.Count(x => x.StartsWith("entry Lapse", StringComparison.Ordinal)).ShouldBe(2 * Lots);
        written.Count(x => x.StartsWith("history Renewed", StringComparison.Ordinal)).ShouldBe(Terms);
        written.Count(x => x.StartsWith("due ", StringComparison.Ordinal)).ShouldBe(Terms);

        foreach (var (point, places) in new[]
            { ("billing.lapse", 3 * Lots), ("provisioning.term", Terms), ("message.handled", Lots + Terms), ("message.committed", 2) })
        {
            var kills = 0;
            for (var at = 1; at <= FaultLength.Times(inTests: 6, inFaults: int.MaxValue); at += FaultLength.Times(inTests: 3, inFaults: 1))
            {
                var copy = await databases.CopyAsync($"killed_{at}", Ct);
                var ended = await ServedAsync(faulted, copy, $"{point}:{at}");
                if (!ended)
                {
                    kills++;
                    (await ServedAsync(faulted, copy, fault: null)).ShouldBeTrue($"begun again after it was killed at {point} {at}");
                }

                (await WrittenAsync(copy)).ShouldBe(written, $"killed at {point} {at}");
                await CommonChecker.HoldsAsync(copy, Ct);
                NpgsqlConnection.ClearAllPools();
                await databases.DropAsync($"killed_{at}", Ct);
                if (ended)
                    break;
            }

            kills.ShouldBeGreaterThanOrEqualTo(FaultLength.Times(inTests: 1, inFaults: places), point);
        }
    }

    private static async Task AgreeAsync(FaultedHost faulted)
    {
        async Task<Guid> IdAsync(string what, object body) => (await faulted.PostAsync(what, body, Ct)).GetProperty("id").GetGuid();
        await faulted.PostAsync("products", new { key = "cloud", name = "Cloud", features = new[] { new { key = "seats", name = "Seats" } } }, Ct);
        var plan = await IdAsync("plans", new
        {
            key = "plan",
            name = "Plan",
            product = "cloud",
            currency = "EUR",
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "1" } } },
            terms = new { termMonths = 1 },
        });
        await faulted.PostAsync($"plans/{plan}/publish", new { }, Ct);
        var distributor = await IdAsync("distributors", new { externalId = "D", displayName = "D", country = "DE", currency = "EUR" });
        var partner = await IdAsync("partners", new { distributorId = distributor, externalId = "P", displayName = "P" });
        var tenant = await IdAsync("tenants", new { partnerId = partner, externalId = "T", displayName = "T" });
        for (var i = 1; i <= Terms; i++)
            await faulted.PostAsync("subscriptions", new { tenantId = tenant, planId = plan, quantities = new { seats = i } }, Ct);
        for (var i = 1; i <= Lots; i++)
            await faulted.PostAsync("credit/top-ups", new
            {
                organizationId = partner,
                reference = $"lot {i}",
                amount = new { amount = $"{i}.50", currency = "EUR" },
                expiresAt = TimeProvider.System.GetUtcNow().AddDays(1),
            }, Ct);
        await faulted.PostAsync(
            "credit/top-ups", new { organizationId = partner, reference = "stays", amount = new { amount = "7", currency = "EUR" } }, Ct);
    }

    /// <summary>Whether it did all that is due; the other end is that it was killed.</summary>
    private static async Task<bool> ServedAsync(FaultedHost faulted, string database, string? fault)
    {
        var settings = new Dictionary<string, string>(MonthToBill.Settings) { ["LICENSING_POSTGRES"] = database };
        if (fault is not null)
            settings["LICENSING_FAULT"] = fault;
        try
        {
            await faulted.ServeAsync(settings, Ct);
            await Eventually.TrueAsync(async () => faulted.Host.HasEnded || await DoneAsync(database));
            return !faulted.Host.HasEnded;
        }
        // Before it could say where it listens.
        catch (InvalidOperationException) when (fault is not null && faulted.Host.HasEnded)
        {
            return false;
        }
        finally
        {
            await faulted.Host.KillAsync(Ct);
        }
    }

    private static async Task<bool> DoneAsync(string database) => (await RowsAsync(database,
        """
        select 'x' from billing.outbox where deliver_at <= now() union all select 'x' from provisioning.outbox where deliver_at <= now()
        """)).Count == 0;

    /// <summary>All that was written of both, but for what each makes anew: ids and instants.</summary>
    private static Task<List<string>> WrittenAsync(string database) => RowsAsync(database,
        """
        select * from (
            select 'entry ' || concat_ws(' ', t.kind, a.kind, t.reference, e.amount, l.created_at) as row
            from billing.ledger_entries e join billing.ledger_transactions t on t.id = e.transaction_id
            join billing.ledger_accounts a on a.id = e.account_id left join billing.credit_lots l on l.id = e.lot_id
            union all
            select 'balance ' || concat_ws(' ', a.kind, b.balance, b.entries) from billing.ledger_balances b
            join billing.ledger_accounts a on a.id = b.account_id
            union all
            select 'history ' || concat_ws(' ', h.what, h.effective_on, h.subscription_id, h.quantities) from provisioning.subscription_history h
            union all
            select 'due ' || concat_ws(' ', o.name, o.body, o.deliver_at, o.state, o.attempts) from provisioning.outbox o
            union all
            select 'audit ' || concat_ws(' ', x.principal_name, x.action, x.owner_path, count(*)) from identity.audit_entries x
            group by x.principal_name, x.action, x.owner_path) x
        order by row collate "C"
        """);

    private static async Task<List<string>> RowsAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var row = await command.ExecuteReaderAsync(Ct);
        var rows = new List<string>();
        while (await row.ReadAsync(Ct))
            rows.Add(row.GetString(0));
        return rows;
    }
}

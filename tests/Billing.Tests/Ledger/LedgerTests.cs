using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Ledger;

/// <summary>Prepaid credit: what comes in, what goes out, and what the database lets nobody do.</summary>
public sealed class LedgerTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_top_up_is_added_once_per_reference_however_often_it_is_sent()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TopUpAsync(distributor, branch, "payment 1", "50.00", "2.5")));
        answers.Select(a => a.StatusCode).Distinct().ShouldBe([HttpStatusCode.Created]);
        answers.Select(a => a.JsonAsync().Result.GetProperty("id").GetGuid()).Distinct().Count().ShouldBe(1);
        (await (await TopUpAsync(distributor, branch, "payment 1", "50.01", "2.5")).CodeAsync()).ShouldBe("top_up_reference_used");
        (await (await TopUpAsync(distributor, branch, "payment 1", "50.00", null)).CodeAsync()).ShouldBe("top_up_reference_used");
        // Movements are in the order of time, to the millisecond.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await TopUpAsync(distributor, branch, "payment 2", "0.10", null)).StatusCode.ShouldBe(HttpStatusCode.Created);

        (await BalancesAsync(branch)).ShouldBe("EUR 50.10, points 2.5");
        using var partner = branch.As(Roles.PartnerReader);
        var first = await (await partner.GetAsync("/api/v1/credit/movements?limit=1", Ct)).JsonAsync();
        Shown(first).ShouldBe("TopUp payment 2 EUR 0.10");
        var second = await (await partner.GetAsync($"/api/v1/credit/movements?limit=1&after={first.GetProperty("next").GetString()}", Ct))
            .JsonAsync();
        Shown(second).ShouldBe("TopUp payment 1 EUR 50.00 points 2.5");
        second.GetProperty("next").GetString().ShouldBeNull();
        Shown(await (await partner.GetAsync("/api/v1/credit/movements?unit=points", Ct)).JsonAsync())
            .ShouldBe("TopUp payment 1 EUR 50.00 points 2.5");
    }

    [Fact]
    public async Task Only_platform_and_distributor_top_up_and_only_partners_of_their_branch()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());

        (await TopUpAsync(branch.As(Roles.PartnerAdministrator), branch, "x", "1.00", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await (await TopUpAsync(other.As(Roles.DistributorAdministrator), branch, "x", "1.00", null)).FieldErrorAsync())
            .Code.ShouldBe("not_a_partner");
        (await TopUpAsync(branch.Administrator(), branch, "x", "1.00", null)).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var bad = await branch.Administrator().PostAsJsonAsync("/api/v1/credit/top-ups", new
        {
            organizationId = branch.Partner.Id.Value,
            reference = "",
            amount = new { amount = "1.001", currency = "EUR" },
            points = "-1",
            expiresAt = "2020-01-01T00:00:00Z",
        }, Ct);
        bad.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await bad.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).Order()
            .ShouldBe(["/amount", "/expiresAt", "/points", "/reference"]);

        (await (await other.As(Roles.PartnerAdministrator).GetAsync($"/api/v1/credit?organizationId={branch.Partner.Id.Value}", Ct)).JsonAsync())
            .GetProperty("items").GetArrayLength().ShouldBe(0);
        (await (await other.As(Roles.PartnerAdministrator).GetAsync($"/api/v1/credit/movements?organizationId={branch.Partner.Id.Value}", Ct))
            .JsonAsync())
            .GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task What_expires_first_is_spent_first_and_given_back_to_where_it_came_from()
    {
        var branch = await app.BranchAsync();
        var now = app.Clock.GetUtcNow();
        await TopUpAsync(branch, "forever", 10m);
        await TopUpAsync(branch, "late", 10m, now.AddDays(30));
        await TopUpAsync(branch, "soon", 10m, now.AddDays(10));

        (await SpendAsync(branch, "a", 12m)).ShouldBeNull();
        (await LotsAsync(branch)).ShouldBe("soon 0, late 8, forever 10");
        (await SpendAsync(branch, "b", 10m)).ShouldBeNull();
        (await LotsAsync(branch)).ShouldBe("soon 0, late 0, forever 8");
        await GiveBackAsync(branch, "b");
        (await LotsAsync(branch)).ShouldBe("soon 0, late 8, forever 10");
        await GiveBackAsync(branch, "never spent");
        (await LotsAsync(branch)).ShouldBe("soon 0, late 8, forever 10");

        // Twice is refused by the key in the database, whoever asks.
        (await Should.ThrowAsync<Exception>(() => GiveBackAsync(branch, "b"))).ToString().ShouldContain("ledger_transactions_once");
        (await SpendAsync(branch, "a", 1m)).ShouldNotBeNull().Code.ShouldBe("money_action_done_already");

        // What came from a lot that is over by now comes back all the same.
        app.Clock.Advance(TimeSpan.FromDays(10));
        (await AvailableAsync(branch)).ShouldBe(18m);
        await GiveBackAsync(branch, "a");
        (await AvailableAsync(branch)).ShouldBe(30m);
        await VerifiedAsync();
    }

    [Fact]
    public async Task What_has_expired_cannot_be_spent_also_before_it_is_written_off()
    {
        var branch = await app.BranchAsync();
        await TopUpAsync(branch, "short", 10m, app.Clock.GetUtcNow().AddDays(1));
        await TopUpAsync(branch, "forever", 3m);
        app.Clock.Advance(TimeSpan.FromDays(1));

        (await BalancesAsync(branch)).ShouldBe("EUR 3.00");
        var refusal = (await SpendAsync(branch, "a", 4m)).ShouldNotBeNull();
        (refusal.Kind, refusal.Content!.ToJsonString()).ShouldBe((RefusalKind.PaymentRequired, """{"required":4,"available":3,"currency":"EUR"}"""));

        await app.DrainAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        Shown(await (await partner.GetAsync("/api/v1/credit/movements?limit=1", Ct)).JsonAsync()).ShouldBe("Lapse expired EUR -10.00");
        (await BalancesAsync(branch)).ShouldBe("EUR 3.00");
        (await SpendAsync(branch, "a", 3m)).ShouldBeNull();
        await VerifiedAsync();
    }

    [Fact]
    public async Task Money_and_points_are_spent_together_or_not_at_all()
    {
        var branch = await app.BranchAsync();
        await TopUpAsync(branch, "money", 10m);

        (await SpendAsync(branch, "a", 1m, 0.5m)).ShouldNotBeNull().Content!.ToJsonString()
            .ShouldBe("""{"required":0.5,"available":0,"currency":"points"}""");
        (await AvailableAsync(branch)).ShouldBe(10m);
        (await TopUpAsync(branch.Administrator(), branch, "points", null, "0.5")).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await SpendAsync(branch, "a", 1m, 0.5m)).ShouldBeNull();
        (await BalancesAsync(branch)).ShouldBe("EUR 9.00, points 0");
    }

    [Fact]
    public async Task Parallel_spendings_on_two_hosts_take_what_there_is_and_no_more()
    {
        var branch = await app.BranchAsync();
        await TopUpAsync(branch, "all", 25m);
        await using var second = await app.StartSecondHostAsync();
        var hosts = new[] { app.Services, second.Services };

        var outcomes = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => Task.Run(() => SpendAsync(branch, $"race {i}", 0.5m, services: hosts[i % 2]), Ct)));

        outcomes.Count(o => o is null).ShouldBe(50);
        outcomes.OfType<Refusal>().Select(o => o.Code).Distinct().ShouldBe(["insufficient_credit"]);
        (await BalancesAsync(branch)).ShouldBe("EUR 0.00");
        await VerifiedAsync();
    }

    // As whoever knows the rules would write it, each with one of them broken.
    private const string Add =
        "insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after) select $2, ";

    private const string From = " from billing.ledger_entries e join billing.ledger_balances b using (account_id) where e.transaction_id = $2 ";

    [Theory]
    [InlineData("ledger_balanced", Add + "3, account_id, unit, lot_id, 1, b.entries + 1, b.balance + 1" + From + "and lot_id is not null")]
    // Balanced by itself, but added to what is over.
    [InlineData("ledger_balanced", Add + "position + 2, account_id, unit, lot_id, amount, b.entries + 1, b.balance + amount" + From)]
    [InlineData("ledger_entries_pkey", Add + "position, account_id, unit, lot_id, amount, b.entries + 1, b.balance + amount" + From)]
    [InlineData("ledger_balanced",
        "insert into billing.ledger_transactions select gen_random_uuid(), owner_id, owner_path, 'TopUp', 'empty', '', 2, now() "
        + "from billing.ledger_transactions where id = $2 and $1::uuid is not null")]
    [InlineData("not_overspent", Add + "3, account_id, unit, lot_id, -100, b.entries + 1, b.balance - 100" + From + "and lot_id is not null")]
    // Not what the account holds after it; not the next one; of prepaid credit without a lot.
    [InlineData("ledger_chained", Add + "3, account_id, unit, lot_id, 1, b.entries + 1, b.balance + 2" + From + "and lot_id is not null")]
    [InlineData("ledger_chained", Add + "3, account_id, unit, lot_id, 1, b.entries + 2, b.balance + 1" + From + "and lot_id is not null")]
    [InlineData("ledger_chained", Add + "3, account_id, unit, null, 1, b.entries + 1, b.balance + 1" + From + "and lot_id is not null")]
    // In another unit than its account's; from a lot, in an account and of a transaction that there is not.
    [InlineData("ledger_entries_named", Add + "3, account_id, 'USD', lot_id, 1, b.entries + 1, b.balance + 1" + From + "and lot_id is not null")]
    [InlineData("ledger_entries_named",
        Add + "3, account_id, unit, gen_random_uuid(), 1, b.entries + 1, b.balance + 1" + From + "and lot_id is not null")]
    [InlineData("ledger_entries_named", Add + "3, gen_random_uuid(), unit, null, 1, 1, 1" + From + "and lot_id is not null")]
    // From another's lot.
    [InlineData("ledger_entries_named",
        Add + "3, account_id, unit, (select l.id from billing.credit_lots l where l.account_id <> e.account_id limit 1), 1, b.entries + 1, "
        + "b.balance + 1" + From + "and lot_id is not null")]
    // A whole transaction, of which every entry is right by itself, and yet it makes something of nothing.
    [InlineData("ledger_balanced",
        "with uneven as (insert into billing.ledger_transactions select gen_random_uuid(), owner_id, owner_path, 'TopUp', 'uneven', '', 2, now() "
        + "from billing.ledger_transactions where id = $2 and $1::uuid is not null returning id) "
        + "insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after) "
        + "select uneven.id, e.position, e.account_id, e.unit, e.lot_id, e.amount + x.more, b.entries + 1, b.balance + e.amount + x.more "
        + "from uneven, billing.ledger_entries e join billing.ledger_balances b using (account_id) "
        + "cross join lateral (select case when e.lot_id is null then 0 else 1 end as more) x where e.transaction_id = $2")]
    // Two entries, balanced, of a transaction that says it has three.
    [InlineData("ledger_balanced",
        "with three as (insert into billing.ledger_transactions select gen_random_uuid(), owner_id, owner_path, 'TopUp', 'three', '', 3, now() "
        + "from billing.ledger_transactions where id = $2 and $1::uuid is not null returning id) "
        + "insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after) "
        + "select three.id, e.position, e.account_id, e.unit, e.lot_id, e.amount, b.entries + 1, b.balance + e.amount "
        + "from three, billing.ledger_entries e join billing.ledger_balances b using (account_id) where e.transaction_id = $2")]
    [InlineData("ledger_balanced",
        "insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after) "
        + "select $1, position, account_id, unit, lot_id, amount, b.entries + 1, b.balance + amount" + From)]
    [InlineData("permission denied", "update billing.ledger_balances set balance = 1000 where $1::uuid is not null and $2::uuid is not null")]
    [InlineData("permission denied", "update billing.credit_lots set remaining = 1000 where $1::uuid is not null and $2::uuid is not null")]
    [InlineData("permission denied", "update billing.ledger_entries set amount = 1000 where $1::uuid is not null and transaction_id = $2")]
    [InlineData("permission denied", "delete from billing.ledger_transactions where $1::uuid is not null and id = $2")]
    [InlineData("append-only", "update billing.ledger_entries set amount = 1000 where $1::uuid is not null and transaction_id = $2", true)]
    [InlineData("append-only", "delete from billing.ledger_entries where $1::uuid is not null and transaction_id = $2", true)]
    [InlineData("append-only", "update billing.ledger_transactions set entries = 3 where $1::uuid is not null and id = $2", true)]
    [InlineData("append-only", "delete from billing.ledger_accounts where owner_id = $1 and $2::uuid is not null", true)]
    [InlineData("append-only", "update billing.ledger_accounts set unit = 'USD' where owner_id = $1 and $2::uuid is not null", true)]
    [InlineData("append-only", "delete from billing.credit_lots l using billing.ledger_entries e "
        + "where e.lot_id = l.id and e.transaction_id = $2 and $1::uuid is not null", true)]
    public async Task The_database_lets_nobody(string finding, string sql, bool asOwner = false)
    {
        var branch = await app.BranchAsync();
        var transaction = await TopUpAsync(branch, "once", 10m);
        await TopUpAsync(await app.BranchAsync(), "another's", 10m);

        var refused = await Should.ThrowAsync<PostgresException>(
            () => TamperAsync(sql, branch.Partner.Id.Value, transaction, asOwner ? "set local role none" : "select 1"));

        $"{refused.MessageText} {refused.ConstraintName}".ShouldContain(finding);
        (await AvailableAsync(branch)).ShouldBe(10m);
    }

    // Each of the two checks where the other has nothing to say.
    [Theory]
    // From a lot more than is in it, and from the account less than it holds.
    [InlineData("credit_lots_not_overspent", "select 1 where $1::uuid is not null", -15)]
    // The lots made out to hold more than they do, as only their owner could.
    [InlineData("ledger_balances_not_overspent",
        "update billing.credit_lots l set remaining = 1000 from billing.ledger_accounts a where a.id = l.account_id and a.owner_id = $1", -100)]
    public async Task Neither_a_lot_nor_an_account_is_overspent_whoever_writes(string constraint, string before, int amount)
    {
        var branch = await app.BranchAsync();
        var transaction = await TopUpAsync(branch, "first", 10m);
        await TopUpAsync(branch, "second", 10m);

        var refused = await Should.ThrowAsync<PostgresException>(() => app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            foreach (var sql in (string[])
            [
                "set local role none", before,
                "insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after) "
                + $"select transaction_id, 9, account_id, unit, lot_id, {amount}, b.entries + 1, b.balance + {amount} "
                + "from billing.ledger_entries join billing.ledger_balances b using (account_id) "
                + "where transaction_id = $1 and lot_id is not null",
            ])
            {
                await using var command = new NpgsqlCommand(sql, connection, begun);
                if (sql.Contains("$1", StringComparison.Ordinal))
                    command.Parameters.Add(
                        new() { Value = sql.StartsWith("insert", StringComparison.Ordinal) ? transaction : branch.Partner.Id.Value });
                await command.ExecuteNonQueryAsync(Ct);
            }

            return 0;
        }));

        refused.ConstraintName.ShouldBe(constraint);
        (await AvailableAsync(branch)).ShouldBe(20m);
    }

    [Fact]
    public async Task A_transaction_is_not_booked_twice_whoever_writes()
    {
        var branch = await app.BranchAsync();
        var transaction = await TopUpAsync(branch, "once", 10m);

        // A whole one, balanced, that only its key has against it.
        const string Twice =
            """
            with again as (
                insert into billing.ledger_transactions
                select (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid()))).* from billing.ledger_transactions t
                where id = $2 and $1::uuid is not null
                returning id)
            insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after)
            select again.id, e.position, e.account_id, e.unit, e.lot_id, e.amount, b.entries + 1, b.balance + e.amount
            from again, billing.ledger_entries e join billing.ledger_balances b using (account_id) where e.transaction_id = $2
            """;
        (await Should.ThrowAsync<PostgresException>(() =>
            TamperAsync(Twice, branch.Partner.Id.Value, transaction, "select 1"))).ConstraintName.ShouldBe("ledger_transactions_once");
        (await AvailableAsync(branch)).ShouldBe(10m);
    }

    [Fact]
    public async Task Credit_pays_what_it_can_and_what_is_left_of_it_pays_the_next_invoice()
    {
        var branch = await app.BranchAsync();
        await TopUpAsync(branch, "prepaid", 39m);

        // Gross, for that is what is owed: the tax of each invoice is rounded once, 3.43 of 3.4296 and 3.42 of 3.4248. Of both together it would be
        // 6.85 of 6.8544, the same here by chance; but credit pays invoices, and each of them to the cent.
        (await PayAsync(branch, "invoice:1", 14.29m + 3.43m)).ShouldBe(17.72m);
        (await PayAsync(branch, "invoice:2", 14.27m + 3.42m)).ShouldBe(17.69m);
        (await BalancesAsync(branch)).ShouldBe("EUR 3.59");

        // Once for each: asked again it is what was paid then.
        (await PayAsync(branch, "invoice:1", 17.72m)).ShouldBe(17.72m);
        // As much as there is, and then nothing.
        (await PayAsync(branch, "invoice:3", 17.72m)).ShouldBe(3.59m);
        (await PayAsync(branch, "invoice:4", 17.72m)).ShouldBe(0m);
        await TopUpAsync(branch, "more", 1m);
        (await PayAsync(branch, "invoice:3", 17.72m)).ShouldBe(3.59m);
        (await PayAsync(branch, "invoice:5", 0.4m)).ShouldBe(0.4m);
        (await BalancesAsync(branch)).ShouldBe("EUR 0.60");
        await VerifiedAsync();
    }

    [Fact]
    public async Task An_expiry_finer_than_the_database_keeps_is_the_same_when_it_is_asked_for_again()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var fine = app.Now.AddDays(10).AddTicks(1_234_567);
        var first = await (await TopUpAsync(administrator, branch, "fine", "5.00", "1", fine)).JsonAsync();

        using var again = await TopUpAsync(administrator, branch, "fine", "5.00", "1", fine);
        (again.StatusCode, (await again.JsonAsync()).GetProperty("id").GetGuid())
            .ShouldBe((HttpStatusCode.Created, first.GetProperty("id").GetGuid()));
        (await (await TopUpAsync(administrator, branch, "fine", "5.00", "1", fine.AddTicks(10))).CodeAsync()).ShouldBe("top_up_reference_used");
    }

    [Fact]
    public async Task An_expiry_in_anybodys_time_zone_is_the_instant_that_it_names()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var there = app.Now.AddDays(10).ToOffset(TimeSpan.FromHours(2));
        using var added = await TopUpAsync(administrator, branch, "there", "5.00", "1", there);
        added.StatusCode.ShouldBe(HttpStatusCode.Created);

        using var again = await TopUpAsync(administrator, branch, "there", "5.00", "1", there.ToUniversalTime());
        (again.StatusCode, (await again.JsonAsync()).GetProperty("id").GetGuid())
            .ShouldBe((HttpStatusCode.Created, (await added.JsonAsync()).GetProperty("id").GetGuid()));
        app.Clock.Advance(TimeSpan.FromDays(10));
        await app.DrainAsync();
        (await BalancesAsync(branch)).ShouldBe("EUR 0.00, points 0");
    }

    internal static async Task<HttpResponseMessage> TopUpAsync(
        HttpClient client, Branch branch, string reference, string? amount, string? points, DateTimeOffset? expiresAt = null) =>
        await client.PostAsJsonAsync("/api/v1/credit/top-ups", new
        {
            organizationId = branch.Partner.Id.Value,
            reference,
            amount = amount is null ? null : new { amount, currency = "EUR" },
            points,
            expiresAt,
        }, Ct);

    private static async Task<Guid> TopUpAsync(Branch branch, string reference, decimal amount, DateTimeOffset? expiresAt = null)
    {
        using var administrator = branch.Administrator();
        using var added = await TopUpAsync(administrator, branch, reference, FormattableString.Invariant($"{amount}"), null, expiresAt);
        added.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (await added.JsonAsync()).GetProperty("id").GetGuid();
    }

    // As a selling slice does: within its own transaction.
    private Task<Refusal?> SpendAsync(Branch branch, string key, decimal amount, decimal points = 0, IServiceProvider? services = null) =>
        InTransactionAsync(
        services ?? app.Services,
        credit => credit.SpendAsync(branch.Partner.Id, key, "a licence", [new("EUR", amount), new(CreditAmount.Points, points)], Ct));

    private async Task GiveBackAsync(Branch branch, string key) =>
        (await InTransactionAsync(app.Services, async credit =>
        {
            await credit.GiveBackAsync(branch.Partner.Id, key, Ct);
            return new Done();
        })).ShouldBeNull();

    private async Task<decimal> PayAsync(Branch branch, string key, decimal due)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        var paid = (await scope.ServiceProvider.GetRequiredService<CreditLedger>()
            .PayAsync(branch.Partner.Id, key, "an invoice", new("EUR", due), Ct)).Amount;
        await session.CommitAsync(Ct);
        return paid;
    }

    private static async Task<Refusal?> InTransactionAsync(IServiceProvider services, Func<IPrepaidCredit, Task<Result<Done>>> work)
    {
        await using var scope = services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        var credit = scope.ServiceProvider.GetRequiredService<IPrepaidCredit>();
        await session.BeginAsync(Ct);
        if ((await work(credit)).Refused(out var refusal, out _))
        {
            await session.RollbackAsync();
            return refusal;
        }

        await session.SaveAsync(Ct);
        await session.CommitAsync(Ct);
        return null;
    }

    private async Task<decimal> AvailableAsync(Branch branch) =>
        (await app.InAsync<IPrepaidCredit, IReadOnlyList<CreditAmount>>(c => c.AvailableAsync(branch.Partner.Id, Ct)))
            .Single(x => x.Unit == "EUR").Amount;

    private static async Task<string> BalancesAsync(Branch branch)
    {
        using var partner = branch.As(Roles.PartnerReader);
        using var answer = await partner.GetAsync("/api/v1/credit", Ct);
        return string.Join(", ", (await answer.JsonAsync()).GetProperty("items").EnumerateArray()
            .Select(x => $"{x.GetProperty("unit").GetString()} {x.GetProperty("balance").GetString()}").Order(StringComparer.Ordinal));
    }

    private Task<string> LotsAsync(Branch branch) => app.InAsync<NpgsqlDataSource, string>(async database =>
    {
        await using var command = database.CreateCommand(
            """
            select string_agg(t.key || ' ' || trim_scale(l.remaining), ', ' order by l.expires_at)
            from billing.credit_lots l join billing.ledger_entries e on e.lot_id = l.id
            join billing.ledger_transactions t on t.id = e.transaction_id and t.kind = 'TopUp' where t.owner_id = $1
            """);
        command.Parameters.Add(new() { Value = branch.Partner.Id.Value });
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    });

    private async Task VerifiedAsync() => (await app.InAsync<VerifyLedger, VerifyLedger.Outcome>(v => v.RunAsync(Ct))).Findings.ShouldBeEmpty();

    private static string Shown(JsonElement page)
    {
        var movement = page.GetProperty("items")[0];
        return string.Join(' ',
        [
            movement.GetProperty("kind").GetString(), movement.GetProperty("reference").GetString(),
            .. movement.GetProperty("amounts").EnumerateArray()
                .Select(a => $"{a.GetProperty("unit").GetString()} {a.GetProperty("amount").GetString()}"),
        ]);
    }

    private Task<int> TamperAsync(string sql, Guid owner, Guid transaction, string first) => app.InAsync<NpgsqlDataSource, int>(async database =>
    {
        await using var connection = await database.OpenConnectionAsync(Ct);
        await using var begun = await connection.BeginTransactionAsync(Ct);
        await using (var before = new NpgsqlCommand(first, connection, begun))
            await before.ExecuteNonQueryAsync(Ct);
        await using (var command = new NpgsqlCommand(sql, connection, begun))
        {
            command.Parameters.Add(new() { Value = owner });
            command.Parameters.Add(new() { Value = transaction });
            await command.ExecuteNonQueryAsync(Ct);
        }

        await begun.CommitAsync(Ct);
        return 0;
    });
}

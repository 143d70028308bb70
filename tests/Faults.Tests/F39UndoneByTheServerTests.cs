using System.Net;
using System.Net.Http.Json;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Faults;

/// <summary>
/// F39: the server gives up every twentieth statement that inserts, changes or deletes, as in a deadlock or for an order that it cannot keep; of the
/// relay's own book-keeping of messages only those that insert. By a trigger, so that it is the server that undoes the transaction, wherever in it
/// the statement stands.
/// </summary>
[Trait("Fault", "F39")]
public sealed class F39UndoneByTheServerTests : IAsyncLifetime
{
    // A number from a sequence is not given back by what is undone.
    private const string Inject =
        """
        create schema fault;
        create sequence fault.statements;
        grant usage on schema fault to public;
        grant select on sequence fault.statements to public;
        create function fault.undo() returns trigger language plpgsql security definer as $$
        declare n bigint := nextval('fault.statements');
        begin
            if n % 20 = 0 then
                raise exception 'injected %', n using errcode = case when n % 40 = 0 then '40001' else '40P01' end;
            end if;
            return null;
        end $$;
        do $$
        declare t record;
        begin
            for t in select schemaname, tablename from pg_tables
                where schemaname in ('kernel', 'identity', 'catalog', 'provisioning', 'usage', 'billing', 'commissions') loop
                execute format('create trigger a_fault before insert on %I.%I for each statement execute function fault.undo()',
                    t.schemaname, t.tablename);
                -- The relay's own book-keeping of messages is not what is asked about.
                if t.tablename <> 'outbox' then
                    execute format(
                        'create trigger a_fault_of_change before update or delete on %I.%I for each statement execute function fault.undo()',
                        t.schemaname, t.tablename);
                end if;
            end loop;
        end $$;
        """;

    private readonly App _app = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Debits_subscriptions_billing_and_messages_are_done_once_and_nobody_is_told_of_it()
    {
        var branch = await _app.BranchAsync();
        await branch.TopUpAsync("all", "100.00");
        using var administrator = branch.Administrator();
        await IdAsync(administrator, "/api/v1/meters", new { key = "calls", unit = "calls", aggregation = "sum" });
        var plan = await IdAsync(administrator, "/api/v1/plans", new
        {
            key = "base",
            name = "Base",
            product = "ccaas",
            currency = "EUR",
            charges = new object[]
            {
                new { key = "base", name = "Base", price = new { model = "flat", amount = "31.00" } },
                new { key = "calls", name = "Calls", meter = "calls", price = new { model = "perUnit", unitPrice = "0.50" } },
            },
        });
        (await administrator.PostAsync($"/api/v1/plans/{plan}/publish", null, Ct)).EnsureSuccessStatusCode();
        var rate = new { country = "DE", category = "S", percent = "19", validFrom = "2025-01-01" };
        (await administrator.PutAsJsonAsync("/api/v1/tax-rates", rate, Ct)).EnsureSuccessStatusCode();
        var tenants = new List<Guid>();
        for (var i = 0; i < 12; i++)
            tenants.Add((await _app.TenantAsync(branch.Platform, branch.Partner)).Id.Value);
        await _app.DrainAsync();
        await OwnerAsync(Inject);

        // Together and, with a key, each by itself; the same again is the same.
        using var partner = branch.As(Roles.PartnerAdministrator);
        var debits = await PrepaidCredit.AtOnceAsync(60, i => branch.DebitAsync(partner, $"together {i}", "0.50"));
        var keyed = await PrepaidCredit.AtOnceAsync(30, i => branch.DebitAsync(partner, $"alone {i}", "0.50", $"key {i}"));
        debits.Concat(keyed).CountBy(a => a.StatusCode).ShouldBe([new(HttpStatusCode.Created, 90)]);
        var subscribed = await PrepaidCredit.AtOnceAsync(tenants.Count, i => administrator.PostAsJsonAsync("/api/v1/subscriptions", new
        {
            tenantId = tenants[i],
            planId = plan,
            quantities = new { essentialSeats = 10 },
            startDate = "2025-12-01",
        }, Ct));
        subscribed.CountBy(a => a.StatusCode).ShouldBe([new(HttpStatusCode.Created, tenants.Count)]);
        var subscriptions = new List<Guid>();
        foreach (var one in subscribed)
            subscriptions.Add((await one.JsonAsync()).GetProperty("id").GetGuid());
        // In each of its ways: with those of others, as a whole, with a key.
        var used = await PrepaidCredit.AtOnceAsync(72, i => UseAsync(administrator, subscriptions[i % 12], i));
        used.CountBy(a => a.StatusCode).ShouldBe([new(HttpStatusCode.OK, 72)]);
        using var measured = new Measured(_app.Services);
        // As drafts first, which are deleted and made anew.
        foreach (var issue in (bool[])[false, true])
        {
            using var started = await administrator.PostAsJsonAsync("/api/v1/billing/generate/2025-12", new { issue }, Ct);
            started.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            await _app.DrainAsync();
        }

        measured["licensing.billing.steps_undone"].ShouldBeGreaterThan(0);
        (await _app.RowsAsync("select (last_value / 20 > 10)::text from fault.statements")).ShouldBe(["true"]);
        await OwnerAsync("drop schema fault cascade");
        (await branch.AvailableAsync()).ShouldBe("55.00");
        (await _app.RowsAsync("select count(*)::text from billing.ledger_transactions where kind = 'Spending'")).ShouldBe(["90"]);
        (await _app.RowsAsync("select count(*) || ' ' || count(distinct tenant_id) from provisioning.subscriptions")).ShouldBe(["12 12"]);
        (await _app.RowsAsync("select count(*) || ' ' || count(number) || ' ' || sum(net) from billing.invoices")).ShouldBe(["12 12 408.00"]);
        (await _app.RowsAsync("select count(*) || ' ' || (select sum(total)::int from usage.monthly_rollups) from usage.records"))
            .ShouldBe(["72 72"]);
        // No message waits, is parked, or was held against what it is.
        (await _app.RowsAsync(
            """
            select name from billing.outbox where attempts > 0 union all select name from provisioning.outbox where attempts > 0
            union all select name from identity.outbox where attempts > 0
            """)).ShouldBeEmpty();
        await CommonChecker.HoldsAsync(_app, Ct);
    }

    private static async Task<HttpResponseMessage> UseAsync(HttpClient client, Guid subscription, int number)
    {
        var record = new { id = $"used {number}", subscriptionId = subscription, meter = "calls", quantity = "1", start = "2025-12-10T12:00:00Z" };
        using var request = new HttpRequestMessage(HttpMethod.Post, number % 3 == 1 ? "/api/v1/usage?atomic=true" : "/api/v1/usage")
        {
            Content = JsonContent.Create(new { records = new[] { record } }),
        };
        if (number % 3 == 2)
            request.Headers.Add("Idempotency-Key", record.id);
        return await client.SendAsync(request, Ct);
    }

    private static async Task<Guid> IdAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsJsonAsync(path, body, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }

    private async Task OwnerAsync(string sql)
    {
        await using var command = _app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }
}

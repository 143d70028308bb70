using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Credit that goes from one account to another.</summary>
public sealed class TransferTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lots_travel_with_their_ends_the_first_to_end_first_and_are_split()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await platform.AddAsync(branch.Partner, "never", euros: 10).OkAsync();
        await platform.AddAsync(branch.Partner, "late", euros: 10, expiresAt: app.Now.AddDays(30)).OkAsync();
        await platform.AddAsync(branch.Partner, "soon", euros: 10, expiresAt: app.Now.AddDays(10)).OkAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var made = await partner.MoveAsync(branch.Partner, branch.Tenant, "share 1", euros: 15);
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        var transfer = await made.JsonAsync();
        (transfer.GetProperty("fromBalance").GetString(), transfer.GetProperty("toBalance").GetString()).ShouldBe(("15.00", "15.00"));
        transfer.GetProperty("lots").EnumerateArray().Select(x => x.GetProperty("amount").GetString()).ShouldBe(["10.00", "5.00"]);
        (await branch.LotsOfAsync(branch.Partner)).ShouldBe("5.00 in 30, 10.00 never");
        (await branch.LotsOfAsync(branch.Tenant)).ShouldBe("10.00 in 10, 5.00 in 30");

        // Once per reference; of another amount, or to somebody else, it is another thing.
        (await partner.MoveAsync(branch.Partner, branch.Tenant, "share 1", euros: 15).OkAsync()).GetProperty("id").GetGuid()
            .ShouldBe(transfer.GetProperty("id").GetGuid());
        (await (await partner.MoveAsync(branch.Partner, branch.Tenant, "share 1", euros: 14)).CodeAsync()).ShouldBe("transfer_reference_used");
        var other = await app.TenantAsync(branch.Platform, branch.Partner);
        (await (await partner.MoveAsync(branch.Partner, other, "share 1", euros: 15)).CodeAsync()).ShouldBe("transfer_reference_used");

        // Aside, and back. What ends, ends wherever it is by then.
        await partner.MoveAsync(branch.Tenant, other, "aside", euros: 12).OkAsync();
        (await branch.LotsOfAsync(other)).ShouldBe("10.00 in 10, 2.00 in 30");
        await partner.MoveAsync(other, branch.Partner, "share 1", euros: 11).OkAsync();
        (await branch.LotsOfAsync(branch.Partner)).ShouldBe("10.00 in 10, 1.00 in 30, 5.00 in 30, 10.00 never");
        app.Clock.Advance(TimeSpan.FromDays(10));
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("16.00");
        (await (await partner.MoveAsync(branch.Partner, other, "too much", euros: 16.01m)).CodeAsync()).ShouldBe("insufficient_credit");
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Partner)).ShouldBe("16.00");
        (await branch.LotsOfAsync(branch.Tenant)).ShouldBe("3.00 in 20");
        (await partner.ListAsync($"/movements?organizationId={other.Id.Value}")).Select(x => x.GetProperty("kind").GetString())
            .ShouldBe(["TransferOut", "TransferIn"], ignoreOrder: true);
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Which_accounts_may_exchange_credit_and_who_may_let_them()
    {
        var (branch, far) = (await app.BranchAsync(), await app.BranchAsync());
        var sibling = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        foreach (var owner in new[] { branch.Distributor, branch.Partner, branch.Tenant, far.Partner })
            await platform.AddAsync(owner, "start", credits: 10).OkAsync();
        var number = 0;
        async Task<string?> RefusedAsync(string role, Branch of, OrganizationRef from, OrganizationRef to)
        {
            using var client = of.As(role);
            using var answer = await client.MoveAsync(from, to, $"try {++number}", credits: 1);
            return answer.StatusCode switch
            {
                HttpStatusCode.Created => null,
                HttpStatusCode.UnprocessableEntity => string.Join(' ', await answer.FieldErrorAsync()),
                var status => status.ToString(),
            };
        }

        (await RefusedAsync(Roles.DistributorAdministrator, branch, branch.Distributor, branch.Partner)).ShouldBeNull();
        (await RefusedAsync(Roles.DistributorAdministrator, branch, branch.Partner, branch.Distributor)).ShouldBeNull();
        (await RefusedAsync(Roles.DistributorAdministrator, branch, branch.Partner, sibling)).ShouldBeNull();
        (await RefusedAsync(Roles.PartnerAdministrator, branch, branch.Partner, branch.Tenant)).ShouldBeNull();
        const string elsewhere = "(/toOrganizationId, transfer_not_allowed)";
        (await RefusedAsync(Roles.DistributorAdministrator, branch, branch.Distributor, branch.Tenant)).ShouldBe(elsewhere);
        (await RefusedAsync(Roles.DistributorAdministrator, branch, sibling, branch.Tenant)).ShouldBe(elsewhere);
        (await RefusedAsync(Roles.PlatformAdministrator, branch, branch.Partner, far.Partner)).ShouldBe(elsewhere);
        (await RefusedAsync(Roles.PartnerAdministrator, branch, branch.Partner, branch.Partner)).ShouldBe("(/toOrganizationId, same_account)");
        // Not of his branch, above it, or the platform itself.
        const string unknown = "(/toOrganizationId, not_an_account)";
        (await RefusedAsync(Roles.PartnerAdministrator, branch, branch.Partner, sibling)).ShouldBe(unknown);
        (await RefusedAsync(Roles.PartnerAdministrator, branch, branch.Partner, branch.Distributor)).ShouldBe(unknown);
        (await RefusedAsync(Roles.PlatformAdministrator, branch, branch.Distributor, branch.Platform)).ShouldBe(unknown);
        (await RefusedAsync(Roles.PartnerAdministrator, far, branch.Partner, branch.Tenant)).ShouldBe("(/fromOrganizationId, not_an_account)");
        (await RefusedAsync(Roles.PartnerReader, branch, branch.Partner, branch.Tenant)).ShouldBe("Forbidden");
        (await RefusedAsync(Roles.TenantAdministrator, branch, branch.Tenant, branch.Partner)).ShouldBe("Forbidden");

        using var bad = await platform.PostAsJsonAsync("/api/v1/credit/transfers", new
        {
            fromOrganizationId = branch.Partner.Id.Value,
            toOrganizationId = branch.Tenant.Id.Value,
            reference = "",
            amount = new { amount = "1.001", currency = "EUR" },
            points = "-1",
            credits = 0,
        }, Ct);
        (await bad.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => $"{e.GetProperty("pointer")} {e.GetProperty("code")}").Order()
            .ShouldBe(["/amount amount_or_points", "/amount not_an_amount", "/credits not_an_amount", "/points not_an_amount",
                "/reference not_empty"]);
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("11");
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Opposite_transfers_at_once_wait_for_each_other_and_none_is_lost()
    {
        var branch = await app.BranchAsync();
        await using var second = await app.StartSecondHostAsync();
        using var here = branch.As(Roles.PartnerAdministrator);
        using var there = second.Anonymous();
        foreach (var (name, values) in here.DefaultRequestHeaders)
            there.DefaultRequestHeaders.TryAddWithoutValidation(name, values);
        using var platform = branch.Administrator();
        await platform.AddAsync(branch.Partner, "start", euros: 100).OkAsync();
        await platform.AddAsync(branch.Tenant, "start", euros: 100).OkAsync();
        var deadlocks = await DeadlocksAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => (i % 2 == 0 ? here : there).MoveAsync(
            i % 4 < 2 ? branch.Partner : branch.Tenant, i % 4 < 2 ? branch.Tenant : branch.Partner, $"{i}", euros: 1 + (i % 3)), Ct)));

        foreach (var answer in answers)
            answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Ct));
        (await DeadlocksAsync()).ShouldBe(deadlocks);
        (decimal.Parse(await branch.BalanceAsync(branch.Partner), System.Globalization.CultureInfo.InvariantCulture)
            + decimal.Parse(await branch.BalanceAsync(branch.Tenant), System.Globalization.CultureInfo.InvariantCulture)).ShouldBe(200m);
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Debits_transfers_and_an_end_at_once_take_no_more_than_there_is()
    {
        await using var second = await app.StartSecondHostAsync();
        for (var round = 0; round < 3; round++)
        {
            var branch = await app.BranchAsync();
            using var platform = branch.Administrator();
            using var partner = branch.As(Roles.PartnerAdministrator);
            await platform.AddAsync(branch.Partner, "ends", euros: 10, expiresAt: app.Now.AddDays(1)).OkAsync();
            await platform.AddAsync(branch.Partner, "stays", euros: 10).OkAsync();

            var asked = Enumerable.Range(0, 60).Select(i => Task.Run(() => i % 2 == 0
                ? partner.TakeAsync(branch.Partner, $"{i}", euros: 1) : partner.MoveAsync(branch.Partner, branch.Tenant, $"{i}", euros: 1), Ct))
                .ToList();
            app.Clock.Advance(TimeSpan.FromDays(1));
            await Task.WhenAll(app.DrainAsync(), second.DrainAsync());
            var done = (await Task.WhenAll(asked)).Count(x => x.StatusCode is HttpStatusCode.Created);
            await app.DrainAsync();

            done.ShouldBeInRange(10, 20);
            (await Task.WhenAll(asked)).ShouldAllBe(x => x.StatusCode == HttpStatusCode.Created || x.StatusCode == HttpStatusCode.PaymentRequired);
            (await branch.BalanceAsync(branch.Partner)).ShouldBe("0.00");
            await app.ProvenAsync();
        }
    }

    [Theory]
    // One side alone; a side that names another which is none; of another amount; with another end.
    [InlineData("ledger_paired", "0", "x", "l.expires_at")]
    [InlineData("ledger_paired", "1", "o", "l.expires_at")]
    [InlineData("ledger_paired", "1", "x", "l.expires_at + interval '1 day'")]
    [InlineData(null, "1", "x", "l.expires_at")]
    public async Task The_database_takes_both_sides_or_none(string? constraint, string both, string counterpart, string end)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await platform.AddAsync(branch.Partner, "start", euros: 10, expiresAt: app.Now.AddDays(9)).OkAsync();
        await platform.AddAsync(branch.Tenant, "start", euros: 1, expiresAt: app.Now.AddDays(5)).OkAsync();
        await platform.MoveAsync(branch.Partner, branch.Tenant, "first", euros: 1).OkAsync();
        var sql = $"""
            with a as (
                select * from billing.ledger_accounts
                where unit = 'EUR' and owner_id in ('{branch.Partner.Id.Value}', '{branch.Tenant.Id.Value}')),
            l as (select l.* from billing.credit_lots l join a on a.id = l.account_id where a.owner_id = '{branch.Partner.Id.Value}'),
            n as (select gen_random_uuid() as o, gen_random_uuid() as x, gen_random_uuid() as lot),
            lot as (insert into billing.credit_lots (id, account_id, expires_at, created_at, source_id)
                select n.lot, a.id, {end}, '{app.Now:O}', l.id from n, l, a
                where a.kind = 'Prepaid' and a.owner_id = '{branch.Tenant.Id.Value}' returning 1),
            t as (insert into billing.ledger_transactions (id, owner_id, owner_path, kind, key, reference, entries, created_at, counterpart_id)
                select case k.place when 0 then n.o else n.x end, a.owner_id, a.owner_path,
                    case k.place when 0 then 'TransferOut' else 'TransferIn' end,
                    'forged', 'forged', 2, '{app.Now:O}', case k.place when 0 then n.{counterpart} else n.o end
                from n, a, generate_series(0, {both}) as k (place) where a.kind = 'Prepaid'
                    and a.owner_id = case k.place when 0 then '{branch.Partner.Id.Value}' else '{branch.Tenant.Id.Value}' end::uuid returning 1)
            insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after)
            select case k.place when 0 then n.o else n.x end, case a.kind when 'Prepaid' then 1 else 2 end, a.id, 'EUR',
                case when a.kind = 'Prepaid' then case k.place when 0 then l.id else n.lot end end, s.amount, b.entries + 1, b.balance + s.amount
            from n, l, generate_series(0, {both}) as k (place), a join billing.ledger_balances b on b.account_id = a.id
            cross join lateral (select case when (a.kind = 'Prepaid') = (a.owner_id = '{branch.Tenant.Id.Value}') then 1 else -1 end as amount) s
            where a.kind in ('Prepaid', 'Transferred')
                and a.owner_id = case k.place when 0 then '{branch.Partner.Id.Value}' else '{branch.Tenant.Id.Value}' end::uuid
            """;
        async Task WriteAsync()
        {
            await using var command = app.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Ct);
        }

        if (constraint is null)
            await WriteAsync();
        else
            (await Should.ThrowAsync<PostgresException>(WriteAsync)).ConstraintName.ShouldBe(constraint);
        await app.ProvenAsync();
    }

    private async Task<string> DeadlocksAsync() =>
        (await app.RowsAsync("select deadlocks::text from pg_stat_database where datname = current_database()"))[0];
}

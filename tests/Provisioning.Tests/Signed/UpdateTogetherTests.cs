using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>
/// Updates that one certificate sends while others of its are being carried out: done in one transaction, answered and recorded as one by one.
/// </summary>
public sealed partial class UpdateTogetherTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Updates_that_wait_share_a_transaction_and_have_each_its_own_answer_and_entry()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await OpenAsync(branch, caller, 12);

        var answers = await WaitingAsync(
            branch, caller, [.. Enumerable.Range(1, 11).Select(i => (Body(branch, i, $",\"eliteSeats\":{20 + i}"), (string?)null))]);

        answers.ShouldBe(Enumerable.Range(1, 11).Select(i =>
            $$$$"""200 {"ccId":{"resellerId":"R","tenantId":"c{{{{i}}}}"},"changes":{"eliteSeats":{"oldValue":5,"newValue":{{{{20 + i}}}}}}}"""));
        var ofThem = $"(select id from identity.organizations where parent_id = '{branch.Partner.Id.Value}' and external_id <> 'c0')";
        (await app.RowsAsync($"select count(distinct xmin::text)::text from provisioning.subscriptions where tenant_id in {ofThem}"))
            .ShouldHaveSingleItem().ShouldBeOneOf("1", "2", "3");
        (await app.RowsAsync(
            $"""
            select o.external_id || ' ' || (select string_agg(c ->> 'type', ',' order by c ->> 'type') || ' ' || bool_and(c ->> 'path' = e.owner_path)
                from jsonb_array_elements(e.changes) c)
                || ' ' || (e.changes @> jsonb_build_array(jsonb_build_object('type', 'subscription', 'id', s.id)))
            from identity.organizations o
            join provisioning.subscriptions s on s.tenant_id = o.id
            join identity.audit_entries e
                on e.owner_path = o.owner_path and e.action = 'provisioning.update_licenses' and e.principal_id = '{caller.Id}'
            where o.id in {ofThem} and not e.changes @> jsonb_build_array(jsonb_build_object('type', 'organization'))
            order by o.code
            """)).ShouldBe(Enumerable.Range(1, 11).Select(i => $"c{i} history_entry,subscription true true"));
        (await app.RowsAsync(
            $"""
            select o.external_id || ' ' || count(*) from provisioning.subscription_history h
            join provisioning.subscriptions s on s.id = h.subscription_id join identity.organizations o on o.id = s.tenant_id
            where o.id in {ofThem} and h.what = 'QuantitiesChanged' group by o.code, o.external_id order by o.code
            """)).ShouldBe(Enumerable.Range(1, 11).Select(i => $"c{i} 1"));
    }

    [Fact]
    public async Task Each_update_is_told_what_it_would_have_been_told_alone()
    {
        (int Customer, string More)[] updates =
        [
            (1, ",\"eliteSeats\":6"), (2, ",\"eliteSeats\":4"), (3, ",\"seats\":6"), (4, ",\"eliteSeats\":5"), (5, ""), (6, ",\"eliteSeats\":7"),
            (7, ",\"eliteSeats\":8,\"sipCredentials\":{\"username\":\"u\",\"password\":\"p\",\"sipServer\":\"s\",\"outboundProxy\":\"o\"}"),
            (8, ",\"eliteSeats\":9"),
            (77, ",\"eliteSeats\":9"), (9, ",\"eliteSeats\":10,\"dialerSeats\":3"), (10, ",\"eliteSeats\":1000001"),
        ];
        var (together, alone) = (await PreparedAsync(), await PreparedAsync());
        using var first = together.Caller;
        using var second = alone.Caller;

        var answers = await WaitingAsync(together.Branch, first, [.. updates.Select(u => (Named(together.Branch, u), (string?)null))]);

        // With a key of its own a request keeps its answer in its own transaction.
        answers.ShouldBe(
            await Task.WhenAll(updates.Select(u => AnswerAsync(alone.Branch, second, Named(alone.Branch, u), key: $"alone-{u.Customer}"))));
        answers.Select(a => a[..3]).ShouldBe(["200", "400", "400", "200", "200", "400", "200", "400", "400", "400", "400"]);
        const string Seats =
            """
            select o.external_id || ' ' || o.display_name || ' ' || (s.history -> -1 -> 'quantities')::text || ' ' || s.version
            from provisioning.subscriptions s join identity.organizations o on o.id = s.tenant_id
            where o.parent_id = '{0}' and o.external_id <> 'c0' order by o.code
            """;
        (await app.RowsAsync(string.Format(null, Seats, together.Branch.Partner.Id.Value)))
            .ShouldBe(await app.RowsAsync(string.Format(null, Seats, alone.Branch.Partner.Id.Value)));

        // One is renamed, one is to be deleted, one is suspended.
        async Task<(Branch Branch, SignedCaller Caller)> PreparedAsync()
        {
            var branch = await app.BranchAsync();
            var caller = await SignedCaller.EnrolAsync(branch);
            await OpenAsync(branch, caller, 11);
            (await AnswerAsync(branch, caller, Body(branch, 6), HttpMethod.Delete)).ShouldStartWith("200");
            using var partner = branch.As(Roles.PartnerAdministrator);
            var tenant = (await app.RowsAsync(
                $"select id::text from identity.organizations where parent_id = '{branch.Partner.Id.Value}' and external_id = 'c8'")).Single();
            using var suspended = await partner.PostAsJsonAsync($"/api/v1/tenants/{tenant}/suspend", new { reason = "unpaid" }, Ct);
            suspended.IsSuccessStatusCode.ShouldBeTrue(await suspended.Content.ReadAsStringAsync(Ct));
            return (branch, caller);
        }

        static string Named(Branch branch, (int Customer, string More) update) =>
            Body(branch, update.Customer, update.More, update.Customer == 5 ? ",\"tenantName\":\"Another name\"" : "");
    }

    [Fact]
    public async Task Several_updates_of_one_customer_follow_each_other()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await OpenAsync(branch, caller, 2);

        var answers = await WaitingAsync(
            branch, caller, [.. Enumerable.Range(0, 8).Select(i => (Body(branch, 1, $",\"eliteSeats\":{10 + i}"), (string?)null))]);

        // Each saw what the one before it left.
        var steps = answers.Select(a => JsonNode.Parse(a[4..])!["changes"]!["eliteSeats"]!)
            .ToDictionary(c => (int)c["oldValue"]!, c => (int)c["newValue"]!);
        var at = 5;
        for (var i = 0; i < 8; i++)
            at = steps[at];
        (await app.RowsAsync(
            $"""
            select (history -> -1 -> 'quantities' ->> 'eliteSeats')
            from provisioning.subscriptions s join identity.organizations o on o.id = s.tenant_id
            where o.parent_id = '{branch.Partner.Id.Value}' and external_id = 'c1'
            """)).ShouldBe([$"{at}"]);
    }

    [Fact]
    public async Task An_update_that_the_database_refuses_fails_alone()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await OpenAsync(branch, caller, 8);
        await app.InAsync<SchemaOwner, int>(async owner =>
        {
            await using var command = owner.Database.CreateCommand(
                $"""
                alter table provisioning.subscriptions add constraint no_such_seats
                check (owner_path not like '{branch.Partner.Path}%' or not history -> -1 -> 'quantities' ->> 'eliteSeats' = '66')
                """);
            return await command.ExecuteNonQueryAsync(Ct);
        });

        var answers = await WaitingAsync(
            branch, caller, [.. Enumerable.Range(1, 7).Select(i => (Body(branch, i, $",\"eliteSeats\":{(i == 4 ? 66 : 20 + i)}"), (string?)null))]);

        answers.Select(a => a[..3]).ShouldBe(["200", "200", "200", "500", "200", "200", "200"]);
    }

    [Fact]
    public async Task Who_hangs_up_leaves_the_others_their_answers()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await OpenAsync(branch, caller, 6);
        using var impatient = app.Anonymous();

        var hungUp = "";
        var answers = await WaitingAsync(branch, caller,
            [.. Enumerable.Range(1, 5).Select(i => (Body(branch, i, $",\"eliteSeats\":{20 + i}"), (string?)null))], whileWaiting: async () =>
        {
            var asked = caller.SendAsync(Body(branch, 1, ",\"dialerSeats\":10"), through: impatient);
            await UsedAsync(caller, 13);
            impatient.CancelPendingRequests();
            hungUp = await Should.ThrowAsync<OperationCanceledException>(() => asked) is null ? "" : "hung up";
        });

        hungUp.ShouldBe("hung up");
        answers.ShouldAllBe(a => a.StartsWith("200"));
    }

    [Theory]
    // One alone is written by itself, many are in one statement.
    [InlineData(1)]
    [InlineData(8)]
    public async Task What_another_door_changes_while_they_are_carried_out_is_kept_and_so_is_theirs(int updates)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await OpenAsync(branch, caller, updates + 1);

        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            await using var change = new NpgsqlCommand(
                $$"""
                update provisioning.subscriptions set version = version + 1, history = jsonb_set(history, '{-1,quantities,dialerSeats}', '10')
                where tenant_id = (select id from identity.organizations where parent_id = '{{branch.Partner.Id.Value}}' and external_id = 'c1')
                """, connection, begun);
            (await change.ExecuteNonQueryAsync(Ct)).ShouldBe(1);
            (await WaitingAsync(
                branch, caller, [.. Enumerable.Range(1, updates).Select(i => (Body(branch, i, ",\"eliteSeats\":9"), (string?)null))],
                meanwhile: async _ =>
                {
                    await OneWaitsForAsync(connection);
                    await begun.CommitAsync(Ct);
                })).ShouldAllBe(a => a.StartsWith("200"));
            return 0;
        });

        (await app.RowsAsync(
            $"""
            select o.external_id || ' ' || (s.history -> -1 -> 'quantities')::text || ' ' || count(*)
            from provisioning.subscriptions s join identity.organizations o on o.id = s.tenant_id
            join provisioning.subscription_history h on h.subscription_id = s.id and h.what = 'QuantitiesChanged'
            where o.parent_id = '{branch.Partner.Id.Value}' and external_id <> 'c0' group by o.code, o.external_id, s.history order by o.code
            """)).ShouldBe(
            [
                """c1 {"eliteSeats": 9, "dialerSeats": 10} 1""",
                .. Enumerable.Range(2, updates - 1).Select(i => $$"""c{{i}} {"eliteSeats": 9} 1"""),
            ]);
    }

    [Fact]
    public async Task A_customer_whom_somebody_else_holds_keeps_no_other_waiting()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        await OpenAsync(branch, caller, 10);

        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            await using var hold = new NpgsqlCommand(
                $"select from identity.organizations where parent_id = '{branch.Partner.Id.Value}' and external_id = 'c1' for update", connection,
                begun);
            await hold.ExecuteNonQueryAsync(Ct);
            (await WaitingAsync(
                branch, caller, [.. Enumerable.Range(1, 9).Select(i => (Body(branch, i, ",\"eliteSeats\":9"), (string?)null))],
                meanwhile: async asked =>
                {
                    foreach (var other in asked.Skip(1))
                        (await other).ShouldStartWith("200");
                    asked[0].IsCompleted.ShouldBeFalse();
                    await begun.CommitAsync(Ct);
                })).ShouldAllBe(a => a.StartsWith("200"));
            return 0;
        });

        // Together, and not each by himself when they had given up waiting.
        (await app.RowsAsync(
            $"""
            select count(distinct xmin::text)::text from provisioning.subscriptions where tenant_id in (
                select id from identity.organizations where parent_id = '{branch.Partner.Id.Value}' and external_id not in ('c0', 'c1'))
            """)).ShouldHaveSingleItem().ShouldBeOneOf("1", "2", "3");
    }

    [Fact]
    public async Task Of_several_subscriptions_that_is_changed_which_is_changed_alone()
    {
        var other = $"other-{app.Today.DayNumber}";
        using var platform = (await app.BranchAsync()).Administrator();
        using var created = await platform.PostAsJsonAsync(
            "/api/v1/products", new { key = other, name = "Other", features = new[] { new { key = "desks", name = "Desks" } } }, Ct);
        created.IsSuccessStatusCode.ShouldBeTrue(await created.Content.ReadAsStringAsync(Ct));
        var (together, alone) = (await PreparedAsync(), await PreparedAsync());
        using var first = together.Caller;
        using var second = alone.Caller;
        static string Asked(Branch branch, int customer) => Body(branch, customer, ",\"eliteSeats\":9");

        (await WaitingAsync(together.Branch, first, [.. Enumerable.Range(1, 5).Select(i => (Asked(together.Branch, i), (string?)null))]))
            .ShouldBe(await Task.WhenAll(
                Enumerable.Range(1, 5).Select(i => AnswerAsync(alone.Branch, second, Asked(alone.Branch, i), key: $"one-{i}"))));

        var changed = await ChangedAsync(together.Branch);
        changed.ShouldBe(await ChangedAsync(alone.Branch));
        changed.ShouldBe(["c1 0", "c2 0", "c3 0", "c4 -20", "c5 0"]);

        // Beside the seats of today: an older subscription of another product, seats that are over, seats of the same day, older ones, later ones.
        async Task<(Branch Branch, SignedCaller Caller)> PreparedAsync()
        {
            var branch = await app.BranchAsync();
            var caller = await SignedCaller.EnrolAsync(branch);
            var (desks, seats) = (await app.PlanAsync(branch, other), await app.PlanAsync(branch));
            await OpenAsync(branch, caller, 6);
            // Ids are in the order of their moments, and within one in none.
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            using var administrator = branch.Administrator();
            foreach (var (customer, planId, from, until) in new (int, Guid, int, int?)[]
                { (1, desks, -20, null), (2, seats, -20, -5), (3, seats, 0, null), (4, seats, -20, null), (5, seats, 20, null) })
            {
                var tenantId = (await app.RowsAsync(
                    $"select id::text from identity.organizations where parent_id = '{branch.Partner.Id.Value}' and external_id = 'c{customer}'"))
                    .Single();
                var quantities = new Dictionary<string, int> { [planId == desks ? "desks" : "eliteSeats"] = 7 };
                var (startDate, endDate) = (app.Today.AddDays(from), until is { } days ? app.Today.AddDays(days) : (DateOnly?)null);
                using var sold = await SubscribeAsync(administrator, new { tenantId, planId, quantities, startDate, endDate });
                sold.IsSuccessStatusCode.ShouldBeTrue(await sold.Content.ReadAsStringAsync(Ct));
            }

            return (branch, caller);
        }

        // Whose, and from which day on it runs.
        Task<List<string>> ChangedAsync(Branch branch) => app.RowsAsync(
            $"""
            select o.external_id || ' ' || s.starts_on - date '{app.Today:yyyy-MM-dd}'
            from provisioning.subscriptions s join identity.organizations o on o.id = s.tenant_id
            join provisioning.subscription_history h on h.subscription_id = s.id and h.what = 'QuantitiesChanged'
            where o.parent_id = '{branch.Partner.Id.Value}' and o.external_id <> 'c0'
                and s.id = (select f.id from provisioning.subscriptions f
                    where f.tenant_id = s.tenant_id and f.starts_on = s.starts_on order by f.id limit 1)
            order by o.code
            """);
    }

    [Fact]
    public async Task A_partners_name_that_two_have_is_nobodys_also_where_one_of_their_customers_is_held()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var another = await SignedCaller.EnrolAsync(other);
        using var above = await SignedCaller.EnrolAsync(branch, branch.Platform);
        await OpenAsync(branch, caller, 3);
        await OpenAsync(other, another, 2);
        await app.InAsync<SchemaOwner, int>(async owner =>
        {
            await using var command = owner.Database.CreateCommand(
                $"update identity.organizations set external_id = '{branch.Partner.ExternalId}' where id = '{other.Partner.Id.Value}'");
            return await command.ExecuteNonQueryAsync(Ct);
        });

        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            await using var hold = new NpgsqlCommand(
                $"select from identity.organizations where parent_id = '{other.Partner.Id.Value}' and external_id = 'c1' for update", connection,
                begun);
            await hold.ExecuteNonQueryAsync(Ct);
            var asked = AnswerAsync(branch, above, Body(branch, 1, ",\"eliteSeats\":9"));
            await Eventually.TrueAsync(async () => asked.IsCompleted || (await app.RowsAsync(
                $"select pid::text from pg_locks where not granted and {connection.ProcessID} = any (pg_blocking_pids(pid))")).Count > 0);
            await begun.CommitAsync(Ct);
            (await asked).ShouldStartWith("404");
            return 0;
        });
    }

    /// <summary>
    /// Sends requests while one before them, on the customer c0, waits for a lock; what they are answered, in their order. When that one has been
    /// answered, <paramref name="meanwhile"/> goes on with them.
    /// </summary>
    private async Task<string[]> WaitingAsync(
        Branch branch, SignedCaller caller, (string Body, string? Key)[] requests, Func<Task>? whileWaiting = null,
        Func<Task<string>[], Task>? meanwhile = null)
    {
        Task<string>[] asked = [];
        Task<string>? before = null;
        var used = await UsedAsync(caller, 0);
        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            await using var hold = new NpgsqlCommand(
                $"""
                select from provisioning.subscriptions
                where tenant_id = (select id from identity.organizations where parent_id = '{branch.Partner.Id.Value}' and external_id = 'c0')
                for update
                """, connection, begun);
            await hold.ExecuteNonQueryAsync(Ct);
            before = AnswerAsync(branch, caller, Body(branch, 0, ",\"eliteSeats\":50"));
            await OneWaitsForAsync(connection);
            asked = [.. requests.Select(r => AnswerAsync(branch, caller, r.Body, key: r.Key))];
            await UsedAsync(caller, used + 1 + requests.Length);
            if (whileWaiting is not null)
                await whileWaiting();
            await begun.CommitAsync(Ct);
            return 0;
        });
        (await before!).ShouldStartWith("200");
        if (meanwhile is not null)
            await meanwhile(asked);
        return await Task.WhenAll(asked);
    }

    private Task OneWaitsForAsync(NpgsqlConnection whom) => Eventually.TrueAsync(async () => (await app.RowsAsync(
        $"select pid::text from pg_locks where not granted and {whom.ProcessID} = any (pg_blocking_pids(pid))")).Count > 0);

    // A token is used a moment before its request joins those that wait.
    private async Task<int> UsedAsync(SignedCaller caller, int fewest)
    {
        var used = 0;
        await Eventually.TrueAsync(async () =>
            (used = int.Parse((await app.RowsAsync($"select count(*)::text from provisioning.used_tokens where certificate_id = '{caller.Id}'"))
                .Single(), null)) >= fewest);
        return used;
    }

    private static async Task OpenAsync(Branch branch, SignedCaller caller, int customers)
    {
        for (var i = 0; i < customers; i++)
            (await AnswerAsync(branch, caller, Body(branch, i, ",\"eliteSeats\":5", ",\"resellerName\":\"R\",\"tenantName\":\"T\"")))
                .ShouldStartWith("200");
    }

    private static async Task<string> AnswerAsync(Branch branch, SignedCaller caller, string body, HttpMethod? method = null, string? key = null)
    {
        using var client = branch.App.Anonymous();
        if (key is not null)
            client.DefaultRequestHeaders.Add("Idempotency-Key", key);
        using var answer = await caller.SendAsync(body, method, through: client);
        var text = (await answer.Content.ReadAsStringAsync(Ct)).Replace(branch.Partner.ExternalId, "R", StringComparison.Ordinal);
        return $"{(int)answer.StatusCode} {Deletion().Replace(text, "del")}";
    }

    private static string Body(Branch branch, int customer, string more = "", string names = "") =>
        $$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"c{{customer}}"{{names}}}{{more}}}""";

    [GeneratedRegex("del_[0-9_]+")]
    private static partial Regex Deletion();
}

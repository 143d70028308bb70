using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Corrections;

public sealed class CorrectRecordTests(UsageApp app) : IClassFixture<UsageApp>
{
    [Theory]
    [InlineData("sum", "7", "4", "9", "3")]
    [InlineData("count", "2", "1", "2", "1")]
    [InlineData("max", "4", "4", "9", "3")]
    [InlineData("last", "4", "4", "9", "3")]
    [InlineData("unique", "2", "1", "2", "1")]
    public async Task A_reversal_and_a_replacement_count_as_if_the_record_had_never_come(
        string meter, string before, string reversed, string replaced, string last)
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "3", meter, "2026-01-10T10:00:00Z", "vm-1"), customer.Record("b", "4", meter, "2026-01-10T12:00:00Z", "vm-2"));
        (await customer.TotalAsync(meter)).ShouldBe(before);

        await ShouldBeAsync(CorrectAsync(customer, "a", "reverse"), HttpStatusCode.Created);
        (await customer.TotalAsync(meter)).ShouldBe(reversed);
        var replacement = await ShouldBeAsync(CorrectAsync(
            customer, "b", "replace", ("quantity", "9"), ("start", "2026-01-11T00:00:00Z")), HttpStatusCode.Created);
        await customer.SendAsync(customer.Record("c", "0", meter, "2026-01-09T00:00:00Z", "vm-2"));
        (await customer.TotalAsync(meter)).ShouldBe(meter == "unique" ? "1" : replaced);

        // A replacement is a record, and can be replaced and reversed as any.
        var again = await ShouldBeAsync(CorrectAsync(
            customer, (string)replacement["replacementId"]!, "replace", ("quantity", "3"), ("resourceId", "vm-2")), HttpStatusCode.Created);
        (await customer.TotalAsync(meter)).ShouldBe(meter == "count" ? "2" : last);
        await ShouldBeAsync(CorrectAsync(customer, (string)again["replacementId"]!, "reverse"), HttpStatusCode.Created);
        (await customer.TotalAsync(meter)).ShouldBe(meter is "count" or "unique" ? "1" : "0");
        (await DifferencesAsync(customer)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_event_is_what_counts_and_is_not_below_zero()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(
            customer.Record("a", "5"), customer.Record("b", "0"), customer.Record("c", "-2"),
            customer.Record("d", "7", start: "2026-01-12T00:00:00Z"));
        Task<string> EventsAsync() => EventsOfAsync(Customer.January);
        async Task<string> EventsOfAsync(Period days) =>
            (await app.TotalsAsync(customer.Tenant, days)).Select(t => $"{t.Quantity} of {t.Records}, {t.Events} events").Single();
        (await EventsAsync()).ShouldBe("10 of 4, 3 events");
        (await EventsOfAsync(new Period(new(2026, 1, 10), new(2026, 1, 12)))).ShouldBe("3 of 3, 2 events");
        // What comes later adds to it.
        await customer.SendAsync(customer.Record("e", "-1"), customer.Record("f", "1"));
        (await EventsAsync()).ShouldBe("10 of 6, 4 events");

        // What is reversed is no event any more; what is replaced is one as before.
        await ShouldBeAsync(CorrectAsync(customer, "c", "reverse"), HttpStatusCode.Created);
        await ShouldBeAsync(CorrectAsync(customer, "a", "replace", ("quantity", "4")), HttpStatusCode.Created);
        (await EventsAsync()).ShouldBe("11 of 5, 4 events");
        await ShouldBeAsync(CorrectAsync(customer, "d", "reverse"), HttpStatusCode.Created);
        (await EventsAsync()).ShouldBe("4 of 4, 3 events");
        (await DifferencesAsync(customer)).ShouldBeEmpty();

        await app.SqlAsync<object>("update usage.monthly_rollups set negative_records = 0 where tenant_id = $1", customer.Tenant.Id.Value);
        (await DifferencesAsync(customer)).Select(d => d.What).ShouldBe(["month"]);
        await app.SqlAsync<object>("update usage.daily_rollups set negative_records = 0 where tenant_id = $1", customer.Tenant.Id.Value);
        (await DifferencesAsync(customer)).Select(d => d.What).ShouldBe(["day"]);
    }

    [Fact]
    public async Task The_record_stays_and_says_that_it_is_corrected()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "3"));
        var correction = await ShouldBeAsync(CorrectAsync(customer, "a", "replace", ("quantity", "2.50")), HttpStatusCode.Created);

        var records = await Outcome.OfAsync(customer.Partner().GetAsync("/api/v1/usage"));
        records.Body["items"]!.AsArray().Select(r => $"{r!["id"]} {r["quantity"]} {r["correctionId"]}").Order(StringComparer.Ordinal).ShouldBe(
            new[] { $"a 3 {correction["id"]}", $"{correction["replacementId"]} 2.5 " }.Order(StringComparer.Ordinal));
        var list = await Outcome.OfAsync(customer.Partner().GetAsync("/api/v1/usage/corrections?recordId=a"));
        list.Body["items"]!.AsArray().ShouldHaveSingleItem()!.ToJsonString().ShouldBe(correction.ToJsonString());
        ((string)correction["quantity"]!, (string)correction["action"]!, (string)correction["day"]!).ShouldBe(("3", "replace", "2026-01-10"));
        (await Outcome.OfAsync(customer.Partner().GetAsync($"/api/v1/usage/corrections/{correction["id"]}"))).Status.ShouldBe(HttpStatusCode.OK);
        // Sent again it is what it was: a duplicate.
        (await customer.SendAsync(customer.Record("a", "3"))).Duplicates.ShouldBe(1);
    }

    [Fact]
    public async Task One_correction_per_record_also_of_several_at_once()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "3"));
        await using var connection = await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var holding = new NpgsqlCommand("lock table usage.dirty_days in exclusive mode", connection))
            await holding.ExecuteNonQueryAsync();
        // All have found it uncorrected when the first may go on.
        Task<Outcome>[] asked =
        [
            .. Enumerable.Range(0, 6).Select(i => Task.Run(() =>
                CorrectAsync(customer, "a", i % 2 == 0 ? "reverse" : "replace", i % 2 == 0 ? [] : [("quantity", "1")]))),
        ];
        await app.WaitForLocksAsync(asked);
        await transaction.CommitAsync();
        var statuses = (await Task.WhenAll(asked)).Select(a => a.Status).ToList();
        statuses.Count(s => s is HttpStatusCode.Created).ShouldBe(1);
        statuses.Count(s => s is HttpStatusCode.Conflict).ShouldBe(5);
        var late = await CorrectAsync(customer, "a", "reverse");
        (late.Status, (string)late.Body["code"]!).ShouldBe((HttpStatusCode.Conflict, "record_corrected"));
        (await app.SqlAsync<long>("select count(*) from usage.corrections where tenant_id = $1", customer.Tenant.Id.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task Idempotent_and_audited()
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "3"));
        var client = customer.Partner();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "once");
        var first = await ShouldBeAsync(CorrectAsync(client, "a", "reverse"), HttpStatusCode.Created);
        var second = await ShouldBeAsync(CorrectAsync(client, "a", "reverse"), HttpStatusCode.Created);
        second.ToJsonString().ShouldBe(first.ToJsonString());
        var trail = await Outcome.OfAsync(customer.Partner().GetAsync("/api/v1/audit?action=usage.correct_record"));
        trail.Body["items"]!.AsArray().Count(e => e!.ToJsonString().Contains((string)first["id"]!)).ShouldBe(1);
    }

    [Theory]
    [InlineData("none", "reverse", null, null, HttpStatusCode.NotFound, "usage_record_not_found")]
    [InlineData("a", "reverse", "quantity", "1", HttpStatusCode.UnprocessableEntity, "validation_failed")]
    [InlineData("a", "replace", null, null, HttpStatusCode.UnprocessableEntity, "validation_failed")]
    [InlineData("a", "replace", "quantity", "1e3", HttpStatusCode.UnprocessableEntity, "validation_failed")]
    [InlineData("a", "replace", "start", "2024-01-01T00:00:00Z", HttpStatusCode.UnprocessableEntity, "validation_failed")]
    [InlineData("a", "forget", null, null, HttpStatusCode.BadRequest, "malformed_json")]
    public async Task What_cannot_be_is_refused(string id, string action, string? field, string? value, HttpStatusCode status, string code)
    {
        var customer = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "3"));
        var answer = await CorrectAsync(customer, id, action, field is null ? [] : [(field, value!)]);
        (answer.Status, (string)answer.Body["code"]!).ShouldBe((status, code), answer.Body.ToJsonString());
        (await customer.TotalAsync()).ShouldBe("3");
    }

    [Fact]
    public async Task Nobody_corrects_what_is_not_his()
    {
        var customer = await app.CustomerAsync();
        var other = await app.CustomerAsync();
        await customer.SendAsync(customer.Record("a", "3"));
        (await CorrectAsync(other.Partner(), "a", "reverse")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await CorrectAsync(customer.Branch.As(Roles.TenantAdministrator), "a", "reverse")).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await CorrectAsync(customer.Branch.As(Roles.PartnerReader), "a", "reverse")).Status.ShouldBe(HttpStatusCode.Forbidden);
        await other.SendAsync(other.Record("a", "4"));
        await ShouldBeAsync(CorrectAsync(other, "a", "reverse"), HttpStatusCode.Created);
        (await customer.TotalAsync()).ShouldBe("3");
        (await Outcome.OfAsync(customer.Partner().GetAsync("/api/v1/usage/corrections"))).Body["items"]!.AsArray().ShouldBeEmpty();
        var both = await CorrectAsync(customer.Branch.Administrator(), "a", "reverse");
        both.Body.ToJsonString().ShouldContain("record_ambiguous");
        (await CorrectAsync(customer.Branch.Administrator(), "a", "reverse", ("tenantId", customer.Tenant.Id.Value.ToString())))
            .Status.ShouldBe(HttpStatusCode.Created);
    }

    // Another test has spoilt what is its own.
    private async Task<List<RollupDifference>> DifferencesAsync(Customer customer) =>
        [.. (await app.DifferencesAsync(Customer.January)).Where(d => d.TenantId == customer.Tenant.Id.Value)];

    private static Task<Outcome> CorrectAsync(Customer customer, string id, string action, params (string Field, string Value)[] said) =>
        CorrectAsync(customer.Partner(), id, action, said);

    private static Task<Outcome> CorrectAsync(HttpClient client, string id, string action, params (string Field, string Value)[] said)
    {
        var body = new JsonObject { ["recordId"] = id, ["action"] = action, ["reason"] = "Metered twice." };
        foreach (var (field, value) in said)
            body[field] = value;
        return Outcome.OfAsync(client.PostAsJsonAsync("/api/v1/usage/corrections", body));
    }

    private static async Task<JsonNode> ShouldBeAsync(Task<Outcome> sending, HttpStatusCode status)
    {
        var outcome = await sending;
        outcome.Status.ShouldBe(status, outcome.Body.ToJsonString());
        return outcome.Body;
    }
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Records;

/// <summary>A batch of usage goes by the name that batches of other things have, as by its own.</summary>
public sealed class BatchRouteTests(UsageApp app) : IClassFixture<UsageApp>
{
    private const string Own = "/api/v1/usage";
    private const string Batch = "/api/v1/usage/batch";

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-ndjson")]
    [InlineData("application/cloudevents-batch+json")]
    [InlineData("text/csv")]
    public async Task Each_form_is_taken_and_what_one_route_took_the_other_knows(string type)
    {
        var customer = await app.CustomerAsync();
        using var partner = customer.Partner();
        var sent = await SendAsync(partner, Batch, type, Body(type, customer), packed: true);
        (sent.Counts, sent.Status).ShouldBe(("2 0 1", HttpStatusCode.OK));
        sent.Rejected.ShouldBe([(1, "invalid_quantity")]);
        (await SendAsync(partner, Own, type, Body(type, customer))).Counts.ShouldBe("0 2 1");
        (await customer.StoredAsync()).ShouldBe(2);
        (await customer.TotalAsync()).ShouldBe("4");

        var none = await SendAsync(partner, $"{Batch}?atomic=true", type, Body(type, customer));
        (none.Status, (string?)none.Body["errors"]![0]!["pointer"]).ShouldBe((HttpStatusCode.UnprocessableEntity, "/records/1/quantity"));
    }

    [Fact]
    public async Task Who_may_not_use_the_one_may_not_use_the_other()
    {
        var (customer, stranger) = (await app.CustomerAsync(), await app.CustomerAsync());
        var body = Body("application/json", customer);
        foreach (var role in (string[])[Roles.PartnerReader, Roles.TenantAdministrator, Roles.PlatformReader])
            foreach (var path in (string[])[Own, Batch])
                (await SendAsync(customer.Branch.As(role), path, "application/json", body)).Status.ShouldBe(HttpStatusCode.Forbidden, path + role);
        using var nobody = app.Anonymous();
        (await SendAsync(nobody, Batch, "application/json", body)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await SendAsync(stranger.Partner(), Batch, "application/json", body)).Rejected.Select(r => r.Code)
            .ShouldBe(["subscription_not_found", "invalid_quantity", "subscription_not_found"]);
        (await customer.StoredAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_key_is_of_one_route_and_the_limits_are_the_same()
    {
        var customer = await app.CustomerAsync();
        using var keyed = customer.Partner();
        keyed.DefaultRequestHeaders.Add("Idempotency-Key", "batch");
        var body = Body("application/json", customer);
        (await SendAsync(keyed, Batch, "application/json", body)).Counts.ShouldBe("2 0 1");
        var again = await SendAsync(keyed, Batch, "application/json", body);
        (again.Counts, again.Answer.Headers.GetValues("Idempotency-Replayed").Single()).ShouldBe(("2 0 1", "true"));
        var other = await SendAsync(keyed, Own, "application/json", body);
        (other.Status, (string?)other.Body["code"]).ShouldBe((HttpStatusCode.UnprocessableEntity, "idempotency_key_reused"));

        using var partner = customer.Partner();
        (await SendAsync(partner, Batch, "text/plain", body)).Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        var many = await SendAsync(partner, Batch, "text/csv", "id,meter\n" + string.Concat(Enumerable.Repeat("a,b\n", 50_001)));
        (many.Status, (string?)many.Body["code"]).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "too_many_records"));
        var air = await SendAsync(partner, Batch, "text/csv", "id,meter\n" + new string('\n', 17 << 20), packed: true);
        (air.Status, (string?)air.Body["code"]).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "body_too_large"));
    }

    [Fact]
    public async Task Records_are_counted_by_what_became_of_them_whichever_way_they_went()
    {
        var customer = await app.CustomerAsync();
        var counted = new ConcurrentDictionary<string, long>();
        var factory = app.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "licensing.usage.records" && instrument.Meter.Scope == factory)
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (_, records, tags, _) => counted.AddOrUpdate((string)tags[0].Value!, records, (_, before) => before + records));
        listener.Start();
        string Counted() => string.Join(' ', ((string[])["accepted", "duplicate", "rejected"]).Select(o => counted.GetValueOrDefault(o)));

        var body = Body("application/json", customer);
        using var partner = customer.Partner();
        using var keyed = customer.Partner();
        keyed.DefaultRequestHeaders.Add("Idempotency-Key", "counted");
        (await SendAsync(partner, Batch, "application/json", body)).Counts.ShouldBe("2 0 1");
        Counted().ShouldBe("2 0 1");
        (await SendAsync(keyed, Batch, "application/json", body)).Counts.ShouldBe("0 2 1");
        Counted().ShouldBe("2 2 2");
        // Of all or none nothing became anything.
        (await SendAsync(partner, $"{Batch}?atomic=true", "application/json", body)).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        Counted().ShouldBe("2 2 2");
        (await Customer.SendAsync(partner, "?atomic=true", [customer.Record("d")])).Counts.ShouldBe("1 0 0");
        Counted().ShouldBe("3 2 2");
    }

    // 1.5 and 2.5, and between them what is no number.
    private static string Body(string type, Customer customer)
    {
        (string Id, string Quantity)[] records = [("a", "1.5"), ("b", "x"), ("c", "2.5")];
        string Json(string id, string quantity) => customer.Record(id, quantity).ToJsonString();
        return type switch
        {
            "application/json" => $$"""{"records":[{{string.Join(',', records.Select(r => Json(r.Id, r.Quantity)))}}]}""",
            "application/x-ndjson" => string.Join('\n', records.Select(r => Json(r.Id, r.Quantity))),
            "text/csv" => "id,subscriptionId,meter,quantity,start\n"
                + string.Join('\n', records.Select(r => $"{r.Id},{customer.Subscription},sum,{r.Quantity},2026-01-10T12:00:00Z")),
            _ => $"[{string.Join(',', records.Select(r =>
                $$"""
                {"specversion":"1.0","source":"s","id":"{{r.Id}}","type":"sum","time":"2026-01-10T12:00:00Z","subject":"{{customer.Subscription}}",
                 "data":{"quantity":"{{r.Quantity}}"} }
                """))}]",
        };
    }

    private static Task<Outcome> SendAsync(HttpClient client, string path, string type, string body, bool packed = false)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        if (packed)
        {
            using var into = new MemoryStream();
            using (var pack = new GZipStream(into, CompressionLevel.Fastest))
                pack.Write(bytes);
            bytes = into.ToArray();
        }

        var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        if (packed)
            content.Headers.ContentEncoding.Add("gzip");
        return Outcome.OfAsync(client.PostAsync(path, content));
    }
}

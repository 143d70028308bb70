using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Licensing.Usage.Records;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Tests.Records;

/// <summary>The forms in which a batch may come, in whatever pieces it comes.</summary>
public sealed class BatchFormTests(UsageApp app) : IClassFixture<UsageApp>
{
    private const string Json = "application/json";
    private const string Lines = "application/x-ndjson";
    private const string Events = "application/cloudevents-batch+json";
    private const string Csv = "text/csv";

    [Fact]
    public async Task Lines_are_records_one_after_the_other()
    {
        var customer = await app.CustomerAsync();
        var text = string.Join(
            '\n', customer.Record("a").ToJsonString(), customer.Record("b", "x").ToJsonString(), "", "7", customer.Record("c").ToJsonString());
        var sent = await SendAsync(customer, Lines, text + "\n");
        sent.Counts.ShouldBe("2 0 2");
        sent.Rejected.ShouldBe([(1, "invalid_quantity"), (2, "invalid_record")]);
        (await SendAsync(customer, Lines, "")).Counts.ShouldBe("0 0 0");
        (await SendAsync(customer, Lines, customer.Record("d").ToJsonString() + "\n{\"id\":")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await customer.StoredAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task A_row_of_csv_is_the_record_that_json_says()
    {
        var customer = await app.CustomerAsync();
        var sent = await SendAsync(customer, $"{Csv}; charset=utf-8",
            $""""
            start,meter,id,quantity,subscriptionId,region,dimensions.site,resourceId,dimensions.a b
            2026-01-10T12:00:00Z,sum,one,1.50,{customer.Subscription},,"Wien, ""Mitte""",vm-1,
            2026-01-10T12:00:00Z,sum,two,1e5,{customer.Subscription}

            2026-01-10T12:00:00Z,sum,"three
            lines",-2,{customer.Subscription},eu,,,x
            2026-01-10T12:00:00Z,sum,four,1,{customer.Subscription},,,,,,
            """".ReplaceLineEndings("\r\n"));
        sent.Rejected.ShouldBe([(1, "invalid_quantity"), (2, "control_character"), (3, "invalid_record")]);
        sent.Accepted.ShouldBe(1);
        var same = customer.Record("one", "1.5", resourceId: "vm-1");
        same["dimensions"] = new System.Text.Json.Nodes.JsonObject { ["site"] = "Wien, \"Mitte\"" };
        (await customer.SendAsync(same)).Counts.ShouldBe("0 1 0");
    }

    [Theory]
    [InlineData("")]
    [InlineData("id,metre\na,sum\n")]
    [InlineData("id,id\na,a\n")]
    [InlineData("id,dimensions.\na,a\n")]
    [InlineData("id,meter\n\"a,sum\n")]
    [InlineData("id,meter\n\"a\"b,sum\n")]
    public async Task Text_that_is_no_csv_of_a_batch_is_malformed(string text)
    {
        var sent = await SendAsync(await app.CustomerAsync(), Csv, text);
        (sent.Status, (string?)sent.Body["code"]).ShouldBe((HttpStatusCode.BadRequest, "invalid_csv"));
    }

    [Fact]
    public async Task A_row_of_nothing_but_commas_is_given_up_early()
    {
        var sent = await SendAsync(await app.CustomerAsync(), Csv, new string(',', 100_000));
        (sent.Status, (string?)sent.Body["code"]).ShouldBe((HttpStatusCode.BadRequest, "invalid_csv"));
        ((string)sent.Body["detail"]!).ShouldContain("more than 512 cells");
    }

    [Fact]
    public async Task An_event_is_a_record_with_what_its_envelope_adds()
    {
        var customer = await app.CustomerAsync();
        string Event(string id, string more = "", string data = """{"quantity":"2"}""", string subject = "") =>
            $$"""
            {"specversion":"1.0","source":"/meters/7","id":"{{id}}","type":"sum","time":"2026-01-10T12:00:00Z","partition":9,"trace":{"a":[1]},
             "subject":"{{(subject.Length > 0 ? subject : customer.Subscription)}}"{{more}},"data":{{data}} }
            """;
        var sent = await SendAsync(customer, Events, $"[{string.Join(',',
            Event("a"), Event("b", data: """{"quantity":1,"meter":"max","start":"2026-01-11T12:00:00Z"}"""),
            Event("c", data: """{"id":"c","quantity":1}"""),
            Event("d", ",\"datacontenttype\":\"text/plain\""), "7", """{"specversion":"1.0","id":"e","source":"s","type":"sum"}""",
            Event("f", data: """{"quantity":1,"metre":1}"""), Event("g", subject: "nobody's", data: """{"quantity":1,"sku":"s"}"""),
            Event("a", ",\"datacontenttype\":\"application/json; charset=utf-8\""), Event("h").Replace("/meters/7", "/meters 7"))}]");
        sent.Rejected.ShouldBe(
        [
            (2, "unknown_property"), (3, "invalid_record"), (4, "invalid_record"), (5, "invalid_record"), (6, "unknown_property"),
            (7, "subscription_not_found"), (9, "invalid_record"),
        ]);
        (sent.Accepted, sent.Duplicates).ShouldBe((2, 1));
        (await customer.SendAsync(customer.Record("/meters/7 a", "2"))).Counts.ShouldBe("0 1 0");
        (await SendAsync(customer, Events, "{\"records\":[]}")).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(""","id":"other" """, "duplicate_property")]
    [InlineData(""","source":"other" """, "duplicate_property")]
    [InlineData(""","specversion":"0.3" """, "duplicate_property")]
    [InlineData(""","subject":null""", "duplicate_property")]
    [InlineData(""","data":{"quantity":"7"} """, "duplicate_property")]
    [InlineData(""","trace":1,"trace":2""", null)]
    public async Task An_event_that_says_something_twice_is_not_guessed_at(string again, string? code)
    {
        var customer = await app.CustomerAsync();
        var sent = await SendAsync(customer, Events, $$"""
            [{"specversion":"1.0","source":"s","id":"a","type":"sum","time":"2026-01-10T12:00:00Z","subject":"{{customer.Subscription}}",
              "data":{"quantity":"2"}{{again}} }]
            """);
        (sent.Status, sent.Counts).ShouldBe((HttpStatusCode.OK, code is null ? "1 0 0" : "0 0 1"));
        sent.Rejected.Select(r => r.Code).ShouldBe(code is null ? [] : [code]);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Any_form_may_be_compressed(string encoding)
    {
        var customer = await app.CustomerAsync();
        using var packed = new MemoryStream();
        using (Stream pack = encoding == "gzip"
            ? new GZipStream(packed, CompressionLevel.Fastest)
            : new BrotliStream(packed, CompressionLevel.Fastest))
            pack.Write(Encoding.UTF8.GetBytes(customer.Record("a").ToJsonString()));
        (await SendAsync(customer, Lines, new ByteArrayContent(packed.ToArray()), encoding)).Counts.ShouldBe("1 0 0");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/cloudevents+json")]
    [InlineData(null)]
    public async Task Other_forms_are_not_taken(string? type)
    {
        var customer = await app.CustomerAsync();
        (await SendAsync(customer, type, "{}")).Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData(Json)]
    [InlineData(Lines)]
    [InlineData(Events)]
    [InlineData(Csv)]
    public async Task In_whatever_pieces_a_body_comes_it_is_read_as_the_same(string type)
    {
        var customer = await app.CustomerAsync();
        var body = Body(type, customer);
        string? whole = null;
        foreach (var piece in (int[])[body.Length, 1, 2, 7, 63])
        {
            using var room = app.Services.GetRequiredService<Rooms>().Of(Access.System);
            (await app.Services.GetRequiredService<BatchReading>().ReadAsync(
                RecordSources.For(type)!, new Pieces(body, piece), Scope.Everything, room, null, TestContext.Current.CancellationToken))
                .Refused(out _, out var batch).ShouldBeFalse();
            using (batch)
            {
                batch!.Settle();
                var read = $"{batch.Records} {string.Join(' ', batch.Entries.ToArray().Select(e => $"{e.Index}:{e.Hash:x}"))} "
                    + string.Join(' ', batch.Rejected.Select(r => r.Record.ToString()));
                (whole ??= read).ShouldBe(read);
                batch.Records.ShouldBe(300);
                batch.Count.ShouldBe(299);
            }
        }
    }

    [Theory]
    [InlineData(Json, 1)]
    [InlineData(Lines, 2)]
    [InlineData(Csv, 1)]
    public async Task A_byte_order_mark_is_none_of_the_text_also_where_it_comes_in_pieces(string type, int piece)
    {
        byte[] body = [0xEF, 0xBB, 0xBF, .. Body(type, await app.CustomerAsync())];
        using var room = app.Services.GetRequiredService<Rooms>().Of(Access.System);
        (await app.Services.GetRequiredService<BatchReading>().ReadAsync(
            RecordSources.For(type)!, new Pieces(body, piece), Scope.Everything, room, null, TestContext.Current.CancellationToken))
            .Refused(out _, out var batch).ShouldBeFalse();
        using (batch)
            batch!.Count.ShouldBe(299);
    }

    private static byte[] Body(string type, Customer customer)
    {
        var records = Enumerable.Range(0, 300).Select(i =>
        {
            var record = customer.Record($"größe \"{i}\"", i == 7 ? "x" : $"{i}.50", resourceId: "vm-\u00e9");
            record["dimensions"] = new System.Text.Json.Nodes.JsonObject { ["n"] = $"{i % 3}" };
            return record;
        }).ToList();
        return Encoding.UTF8.GetBytes(type switch
        {
            Json => $"{{ \"records\" : [{string.Join(" ,\n", records.Select(r => r.ToJsonString()))}] }} ",
            Lines => string.Join("\r\n", records.Select(r => r.ToJsonString())),
            Events => $"[{string.Join(",\n", records.Select((r, i) =>
            {
                r.Remove("id");
                return $"{{\"data\":{r.ToJsonString()},\"specversion\":\"1.0\",\"source\":\"s\",\"id\":\"{i}\",\"type\":\"t\"}}";
            }))}]",
            _ => "id,subscriptionId,meter,quantity,start,resourceId,dimensions.n\r\n" + string.Join("\r\n", records.Select(r =>
                $"\"{((string)r["id"]!).Replace("\"", "\"\"")}\",{r["subscriptionId"]},{r["meter"]},{r["quantity"]},{r["start"]},{r["resourceId"]},"
                + (string)r["dimensions"]!["n"]!)),
        });
    }

    private static Task<Outcome> SendAsync(Customer customer, string? type, string text) =>
        SendAsync(customer, type, new ByteArrayContent(Encoding.UTF8.GetBytes(text)), null);

    private static Task<Outcome> SendAsync(Customer customer, string? type, HttpContent content, string? encoding)
    {
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        return Outcome.OfAsync(customer.Partner().PostAsync("/api/v1/usage", content));
    }

    /// <summary>A body of which only so much is there at a time.</summary>
    private sealed class Pieces(byte[] body, int most) : MemoryStream(body)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Read(buffer.Span[..Math.Min(most, buffer.Length)]));
    }
}

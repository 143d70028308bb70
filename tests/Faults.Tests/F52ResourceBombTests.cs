using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Npgsql;

namespace Licensing.Faults;

/// <summary>
/// F52: bodies that are made to cost more than they are: of 100 MB, of much air, of endless depth, of a million different things, in each form;
/// and ten years of all that asked for at once.
/// </summary>
[Trait("Fault", "F52")]
public sealed class F52ResourceBombTests
{
    private const long MostGrown = 400L << 20;

    // What is kept has to fit into this: how much more the collector lets lie about is its affair, and differs by how busy the machine is.
    private static readonly Dictionary<string, string> SmallHeap = new() { ["DOTNET_GCHeapHardLimit"] = (256L << 20).ToString("x") };
    private const string Csv = "text/csv";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_is_refused_by_its_rule_the_host_stays_small_and_others_are_served()
    {
        await using var faulted = await FaultedHost.StartAsync(SmallHeap, Ct);
        var senders = await UsageSender.MakeAsync(faulted, 2, Ct);
        var sender = senders[0];
        (await sender.SendAsync(Ct, sender.Record("before"))).Counts.ShouldBe("1 0 0");
        var before = faulted.Host.Memory;
        var other = await OtherSender.BeginAsync(faulted, senders[1], Ct);
        Task<Sent> SendAsync(HttpContent content, string type, string? encoding = null, string? key = null) =>
            other.SeesAsync(faulted, Typed(content, type, encoding, key), Ct);

        // A server may end the connection before all of it was sent: no answer is a refusal, too.
        foreach (var type in (string[])["application/json", Csv])
            (await SendAsync(new ByteArrayContent(new byte[100_000_000]), type)).Status
                .ShouldBeOneOf(HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.BadRequest, null);
        foreach (var encoding in (string[])["gzip", "br"])
            foreach (var (type, begin, rest) in new[] { ("application/json", "{\"records\":[", ' '), (Csv, "id,meter\n", '\n') })
                foreach (var key in (string?[])[null, $"{encoding} {type}"])
                {
                    var air = await SendAsync(Air(encoding, begin, rest), type, encoding, key);
                    (air.Status, air.Code).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "body_too_large"));
                }

        string[] endless =
            [new('[', 10_000), $"{{\"records\":[{Nested(10_000)}]}}", $"{{\"records\":[{{\"dimensions\":{Nested(10_000)}}}]}}"];
        foreach (var deep in endless)
            (await SendAsync(new StringContent(deep), "application/json")).Status.ShouldBe(HttpStatusCode.BadRequest);

        // Rows without end, cells without end, and as many empty cells as a body has room for.
        foreach (var text in (string[])[$"id,meter\n\"{new string('x', 15 << 20)}", new(',', 15 << 20)])
            (await SendAsync(new StringContent(text), Csv)).Code.ShouldBe("invalid_csv");
        var commas = string.Join(',', Enumerable.Range(0, 500).Select(i => $"dimensions.k{i}"));
        var empty = string.Concat(Enumerable.Repeat(new string(',', 499) + "\n", 30_000));
        (await SendAsync(new StringContent($"{commas}\n{empty}"), Csv)).Counts.ShouldBe("0 0 30000");

        // 10^6 of them in the long form, as many at once as a batch may have; none is anything that there is.
        for (var batch = 0; batch < FaultLength.Times(inTests: 3, inFaults: 20); batch++)
        {
            var lines = new StringBuilder();
            for (var i = 0; i < 50_000; i++)
                lines.Append("{\"id\":\"").Append(i).Append("\",\"meter\":\"m").Append(batch * 50_000 + i).Append("\",\"dimensions\":{\"k").Append(i)
                    .Append("\":").Append(i).Append("},\"quantity\":1,\"start\":\"").Append(UsageSender.Day(-1)).Append("T00:00:00Z\",\"sku\":\"s")
                    .Append("\",\"tenantExternalId\":\"x").Append(i).Append("\"}\n");
            var answer = await SendAsync(new StringContent(lines.ToString()), "application/x-ndjson");
            answer.Counts.ShouldBe("0 0 50000");
            answer.Body!["rejected"]![49_999]!["code"]!.GetValue<string>().ShouldBe("meter_not_found");
        }

        await NobodyElseHasLessRoomAsync(faulted, other);

        (faulted.Host.MostMemory - before).ShouldBeLessThan(MostGrown);
        await other.EndAsync(Ct);
        (await sender.SendAsync(Ct, sender.Record("after"))).Counts.ShouldBe("1 0 0");
        (await sender.StoredAsync(Ct)).ShouldBe(["after", "before"]);
        await faulted.HoldsAsync(Ct);
    }

    // Bodies that are kept whole take all that one sender may have: he is told so, and when to come again, and the other one has his room.
    private static async Task NobodyElseHasLessRoomAsync(FaultedHost faulted, OtherSender other)
    {
        static ByteArrayContent Large() => new(Encoding.ASCII.GetBytes($"{{\"records\":[{new string(' ', 15 << 20)}]}}"));
        var held = Enumerable.Range(0, 7).Select(i => new HalfSent(Typed(Large(), "application/json", key: $"held {i}"))).ToList();
        var sending = held.Select(one => UsageSender.SendAsync(faulted.Address, faulted.Token, one, Ct)).ToList();
        Sent? told = null;
        var tries = 0;
        await Eventually.TrueAsync(async () =>
        {
            told = await UsageSender.SendAsync(faulted.Address, faulted.Token, Typed(Large(), "application/json", key: $"more {tries++}"), Ct);
            return told.Status is HttpStatusCode.TooManyRequests;
        });
        told!.Code.ShouldBe("ingest_share_taken");
        told.TellsItsLimits.ShouldBeTrue();
        await other.SendsAsync(Ct);
        sending.ShouldAllBe(one => !one.IsCompleted);
        foreach (var one in held)
            one.GoOn();
        // With their other half they are more than his share together.
        foreach (var one in await Task.WhenAll(sending))
            if (one.Status is not HttpStatusCode.OK)
                (one.Code, one.TellsItsLimits).ShouldBe(("ingest_share_taken", true));
    }

    [Fact]
    public async Task Ever_new_values_that_are_accepted_cost_a_tenant_so_many_rows_a_day_and_no_memory()
    {
        await using var faulted = await FaultedHost.StartAsync(SmallHeap, Ct);
        var sender = (await UsageSender.MakeAsync(faulted, 1, Ct))[0];
        await faulted.PostAsync("meters", new { key = "sites", unit = "calls", aggregation = "sum", dimensions = new[] { "site" } }, Ct);
        (await sender.SendAsync(Ct, sender.Record("before"))).Counts.ShouldBe("1 0 0");
        var before = faulted.Host.Memory;

        // 10^6 in the long form, in rows and in objects by turns.
        var batches = FaultLength.Times(inTests: 2, inFaults: 20);
        for (var batch = 0; batch < batches; batch++)
        {
            var body = new StringBuilder(batch % 2 == 0 ? "" : "id,subscriptionId,meter,quantity,start,dimensions.site\n");
            for (var i = batch * 50_000; i < (batch + 1) * 50_000; i++)
                if (batch % 2 == 0)
                    body.Append("{\"id\":\"").Append(i).Append("\",\"subscriptionId\":\"").Append(sender.Subscription)
                        .Append("\",\"meter\":\"sites\",\"quantity\":1,\"start\":\"").Append(UsageSender.Day(-1))
                        .Append("T12:00:00Z\",\"dimensions\":{\"site\":\"site ").Append(i).Append("\"}}\n");
                else
                    body.Append(i).Append(',').Append(sender.Subscription).Append(",sites,1,").Append(UsageSender.Day(-1)).Append("T12:00:00Z,site ")
                        .Append(i).Append('\n');
            var answer = await SendAsync(
                faulted, new StringContent(body.ToString()), batch % 2 == 0 ? "application/x-ndjson" : Csv, key: batch % 4 < 2 ? null : $"{batch}");
            answer.Counts.ShouldBe("50000 0 0");
            // Who asks has them merged.
            var sites = await SitesAsync(faulted);
            (sites.Length, sites.Sum()).ShouldBe((1_001, (batch + 1) * 50_000));
        }

        // Ten years of it, raw and by the day, go through and stay nowhere.
        var (from, until) = (UsageSender.Day(-3_650), UsageSender.Day(1));
        (await RowsAsync(faulted, $"?from={from}&until={until}")).ShouldBe(batches * 50_000 + 1);
        (await RowsAsync(faulted, $"/summary?period={from}/{until}&meter=sites&groupBy=day,dimension.site")).ShouldBe(1_001);
        (faulted.Host.MostMemory - before).ShouldBeLessThan(MostGrown);
        await using var source = NpgsqlDataSource.Create(faulted.Postgres.DirectConnectionString);
        await using var cells = source.CreateCommand(
            "select (select count(*) from usage.dimension_sets) || ' ' || count(*) || ' ' || sum(records) from usage.daily_dimension_rollups");
        (await cells.ExecuteScalarAsync(Ct)).ShouldBe($"1000 1001 {batches * 50_000}");
        await faulted.HoldsAsync(Ct);
    }

    // How much was used at each; those that have no row of their own are one.
    private static async Task<int[]> SitesAsync(FaultedHost faulted)
    {
        using var client = faulted.Client();
        client.DefaultRequestHeaders.Add("Accept", Csv);
        var path = $"/api/v1/usage/summary?period={UsageSender.Day(-1)}/{UsageSender.Day(0)}&meter=sites&groupBy=dimension.site";
        var answer = await client.GetAsync(path, Ct);
        // On a machine that does much else a statement may take longer than it is waited for; that is to be asked again.
        for (var again = 0; again < 4 && answer.StatusCode is HttpStatusCode.ServiceUnavailable; again++)
            answer = await client.GetAsync(path, Ct);
        var rows = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Ct);
        return [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(row => int.Parse(row.Split(',')[2]))];
    }

    // Of a CSV file, without its head.
    private static async Task<int> RowsAsync(FaultedHost faulted, string query)
    {
        using var client = faulted.Client();
        client.DefaultRequestHeaders.Add("Accept", Csv);
        using var answer = await client.GetAsync(new Uri($"/api/v1/usage{query}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Ct);
        using var lines = new StreamReader(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Ct));
        var rows = -1;
        while (await lines.ReadLineAsync(Ct) is not null)
            rows++;
        return rows;
    }

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    private static ByteArrayContent Air(string encoding, string begin, char rest)
    {
        using var packed = new MemoryStream();
        using (Stream pack = encoding == "gzip"
            ? new GZipStream(packed, CompressionLevel.Fastest)
            : new BrotliStream(packed, CompressionLevel.Fastest))
        {
            pack.Write(Encoding.ASCII.GetBytes(begin));
            var spaces = Encoding.ASCII.GetBytes(new string(rest, 1 << 20));
            for (var i = 0; i < 100; i++)
                pack.Write(spaces);
        }

        return new ByteArrayContent(packed.ToArray());
    }

    private static Task<Sent> SendAsync(FaultedHost faulted, HttpContent content, string type, string? key = null) =>
        UsageSender.SendAsync(faulted.Address, faulted.Token, Typed(content, type, key: key), Ct);

    private static HttpContent Typed(HttpContent content, string type, string? encoding = null, string? key = null)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        if (key is not null)
            content.Headers.TryAddWithoutValidation("Idempotency-Key", key).ShouldBeTrue();
        return content;
    }
}

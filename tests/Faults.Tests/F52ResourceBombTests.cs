using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Licensing.Faults;

/// <summary>F52: bodies that are made to cost more than they are: of 100 MB, of much air, of endless depth, of a million different things.</summary>
public sealed class F52ResourceBombTests
{
    private const long MostGrown = 400L << 20;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_is_refused_by_its_rule_the_host_stays_small_and_others_are_served()
    {
        await using var faulted = await FaultedHost.StartAsync(new Dictionary<string, string>(), Ct);
        var sender = (await UsageSender.MakeAsync(faulted, 1, Ct))[0];
        (await sender.SendAsync(Ct, sender.Record("before"))).Counts.ShouldBe("1 0 0");
        var before = faulted.Host.Memory;

        // A server may end the connection before all of it was sent: no answer is a refusal, too.
        (await SendAsync(faulted, new ByteArrayContent(new byte[100_000_000]), "application/json")).Status
            .ShouldBeOneOf(HttpStatusCode.RequestEntityTooLarge, null);
        foreach (var encoding in (string[])["gzip", "br"])
        {
            var air = await SendAsync(faulted, Air(encoding), "application/json", encoding);
            (air.Status, air.Code).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "body_too_large"));
        }

        string[] endless =
            [new('[', 10_000), $"{{\"records\":[{Nested(10_000)}]}}", $"{{\"records\":[{{\"dimensions\":{Nested(10_000)}}}]}}"];
        foreach (var deep in endless)
            (await SendAsync(faulted, new StringContent(deep), "application/json")).Status.ShouldBe(HttpStatusCode.BadRequest);

        // 10^6 of them in the long form, as many at once as a batch may have; none is anything that there is.
        for (var batch = 0; batch < FaultLength.Times(inTests: 3, inFaults: 20); batch++)
        {
            var lines = new StringBuilder();
            for (var i = 0; i < 50_000; i++)
                lines.Append("{\"id\":\"").Append(i).Append("\",\"meter\":\"m").Append(batch * 50_000 + i).Append("\",\"dimensions\":{\"k").Append(i)
                    .Append("\":").Append(i).Append("},\"quantity\":1,\"start\":\"").Append(UsageSender.Day(-1)).Append("T00:00:00Z\",\"sku\":\"s")
                    .Append("\",\"tenantExternalId\":\"x").Append(i).Append("\"}\n");
            var answer = await SendAsync(faulted, new StringContent(lines.ToString()), "application/x-ndjson");
            answer.Counts.ShouldBe("0 0 50000");
            answer.Body!["rejected"]![49_999]!["code"]!.GetValue<string>().ShouldBe("meter_not_found");
        }

        (faulted.Host.Memory - before).ShouldBeLessThan(MostGrown);
        (await sender.SendAsync(Ct, sender.Record("after"))).Counts.ShouldBe("1 0 0");
        (await sender.StoredAsync(Ct)).ShouldBe(["after", "before"]);
        await CommonChecker.HoldsAsync(faulted.Postgres.DirectConnectionString, Ct);
    }

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    private static ByteArrayContent Air(string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream pack = encoding == "gzip"
            ? new GZipStream(packed, CompressionLevel.Fastest)
            : new BrotliStream(packed, CompressionLevel.Fastest))
        {
            pack.Write("{\"records\":["u8);
            var spaces = Encoding.ASCII.GetBytes(new string(' ', 1 << 20));
            for (var i = 0; i < 100; i++)
                pack.Write(spaces);
        }

        return new ByteArrayContent(packed.ToArray());
    }

    private static Task<Sent> SendAsync(FaultedHost faulted, HttpContent content, string type, string? encoding = null)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null)
            content.Headers.ContentEncoding.Add(encoding);
        return UsageSender.SendAsync(faulted.Address, faulted.Token, content, Ct);
    }
}

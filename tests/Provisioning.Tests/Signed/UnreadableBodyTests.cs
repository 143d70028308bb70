using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>Over a real connection: a token is used up by the first request that it signs, whatever becomes of that one's body.</summary>
public sealed class UnreadableBodyTests(UnreadableBodyTests.LiveApp app) : IClassFixture<UnreadableBodyTests.LiveApp>
{
    private const int TooLarge = 70 * 1024;

    public sealed class LiveApp : SellingApp
    {
        // Lengths, chunks and ends are the server's.
        protected override bool IsLive => true;
    }

    [Theory]
    [InlineData("large", "413 VALIDATION_ERROR")]
    [InlineData("chunked", "413 VALIDATION_ERROR")]
    [InlineData("packed", "413 VALIDATION_ERROR")]
    [InlineData("no gzip", "400 VALIDATION_ERROR")]
    [InlineData("no brotli", "400 VALIDATION_ERROR")]
    public async Task A_body_that_cannot_be_read_uses_up_its_token(string body, string expected)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var good = Encoding.UTF8.GetBytes(Body(branch));
        var token = caller.Token(good);
        using var client = app.Anonymous();
        var sent = body switch
        {
            "large" or "chunked" => new byte[TooLarge],
            "packed" => Packed(new byte[TooLarge]),
            _ => good,
        };
        using var request = SignedCaller.Request(sent, token);
        if (body is not ("large" or "chunked"))
            request.Content!.Headers.ContentEncoding.Add(body is "no brotli" ? "br" : "gzip");
        if (body == "chunked")
            request.Headers.TransferEncodingChunked = true;
        // So that the answer does not cross with what is still being sent.
        request.Headers.ExpectContinue = true;

        (await CodeAsync(client.SendAsync(request, Ct))).ShouldBe(expected);

        using var again = SignedCaller.Request(good, token);
        (await CodeAsync(client.SendAsync(again, Ct))).ShouldBe("401 DUPLICATE_JTI");
        (await CodeAsync(caller.SendAsync(good))).ShouldBe("200");
    }

    [Theory]
    [InlineData("Content-Length: 1000", "{")]
    [InlineData("Transfer-Encoding: chunked", "5\r\n{")]
    [InlineData("Transfer-Encoding: chunked", "no number\r\n{")]
    public async Task A_body_that_ends_too_early_uses_up_its_token(string framing, string sent)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var good = Encoding.UTF8.GetBytes(Body(branch));
        var token = caller.Token(good);
        using (var connection = new TcpClient())
        {
            await connection.ConnectAsync(app.Address.Host, app.Address.Port, Ct);
            var stream = connection.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"POST {SignedCaller.Route} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                + $"Expect: 100-continue\r\n{framing}\r\n\r\n"), Ct);
            // The body is being read now.
            (await new StreamReader(stream).ReadLineAsync(Ct)).ShouldBe("HTTP/1.1 100 Continue");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(sent), Ct);
        }

        using var client = app.Anonymous();
        using var again = SignedCaller.Request(good, token);
        (await CodeAsync(client.SendAsync(again, Ct))).ShouldBe("401 DUPLICATE_JTI");
    }

    private static byte[] Packed(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(body);
        return packed.ToArray();
    }
}

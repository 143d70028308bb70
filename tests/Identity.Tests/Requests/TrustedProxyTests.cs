namespace Licensing.Identity.Tests.Requests;

/// <summary>Whose X-Forwarded-For is believed.</summary>
public sealed class TrustedProxyTests(TrustedProxyTests.Behind app) : IClassFixture<TrustedProxyTests.Behind>
{
    public sealed class Behind : ProxiedApp
    {
        protected override string TrustedProxies => "192.0.2.1, 10.1.0.0/16, 2001:db8::/32";
    }

    [Theory]
    [InlineData("192.0.2.1", "203.0.113.9", "203.0.113.9")]
    [InlineData("10.1.2.3", "203.0.113.9", "203.0.113.9")]
    [InlineData("2001:db8::5", "2001:db9::7", "2001:db9::7")]
    // Through two proxies; what stands before the first stranger is his own invention.
    [InlineData("192.0.2.1", "203.0.113.9, 10.1.9.9", "203.0.113.9")]
    [InlineData("192.0.2.1", "198.51.100.1, 203.0.113.9", "203.0.113.9")]
    [InlineData("192.0.2.1", "10.1.0.7, 203.0.113.9, 10.1.9.9", "203.0.113.9")]
    // Not a proxy of ours.
    [InlineData("192.0.2.2", "203.0.113.9", "192.0.2.2")]
    [InlineData("10.2.0.1", "203.0.113.9", "10.2.0.1")]
    [InlineData("192.0.2.1", "not an address", "192.0.2.1")]
    public async Task Only_configured_proxies_are_believed(string connection, string forwardedFor, string expected) =>
        (await AddressAsync(app, connection, forwardedFor)).ShouldBe($"{expected} http");

    [Fact]
    public async Task The_scheme_is_the_proxys_to_tell()
    {
        (await SchemeAsync("192.0.2.1")).ShouldBe("203.0.113.9 https");
        (await SchemeAsync("192.0.2.2")).ShouldBe("192.0.2.2 http");

        async Task<string> SchemeAsync(string connection)
        {
            using var client = app.From(connection, "203.0.113.9");
            client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
            return await client.GetStringAsync("/test/address", TestContext.Current.CancellationToken);
        }
    }

    internal static async Task<string> AddressAsync(ProxiedApp app, string connection, string forwardedFor)
    {
        using var client = app.From(connection, forwardedFor);
        return await client.GetStringAsync("/test/address", TestContext.Current.CancellationToken);
    }
}

public sealed class NoTrustedProxyTests(ProxiedApp app) : IClassFixture<ProxiedApp>
{
    [Theory]
    [InlineData("192.0.2.1")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Without_the_setting_nobody_is_believed(string connection) =>
        (await TrustedProxyTests.AddressAsync(app, connection, "203.0.113.9")).ShouldBe($"{connection} http");

    [Theory]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.0/33")]
    public async Task What_is_no_address_stops_the_start(string text)
    {
        await using var broken = new Broken(text);

        (await Should.ThrowAsync<InvalidOperationException>(() => broken.InitializeAsync().AsTask())).Message
            .ShouldBe($"Http:TrustedProxies: '{text}' is neither an address nor a network such as 10.0.0.0/8.");
    }

    private sealed class Broken(string text) : ProxiedApp
    {
        protected override string TrustedProxies => text;
    }
}

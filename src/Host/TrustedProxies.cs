using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace Licensing.Host;

/// <summary>
/// Setting <c>Http:TrustedProxies</c>: addresses and networks (CIDR) of the proxies in front, whose X-Forwarded-For and -Proto are
/// believed. Without it they are from anybody, and the address of the connection is the caller's.
/// </summary>
internal static class TrustedProxies
{
    private const string Setting = "Http:TrustedProxies";

    public static void UseTrustedProxies(this WebApplication app)
    {
        if (Read(app.Configuration) is { } proxies)
            app.UseForwardedHeaders(proxies);
    }

    private static ForwardedHeadersOptions? Read(IConfiguration configuration)
    {
        var said = configuration.GetSection(Setting).Get<string[]>()
            ?? configuration[Setting]?.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (said.Length == 0)
            return null;

        // Hop by hop from the nearest: the first one that is no trusted proxy is the caller, whatever it says came before it.
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var text in said)
            if (IPAddress.TryParse(text, out var address))
                options.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(text, out var network))
                options.KnownIPNetworks.Add(network);
            else
                throw new InvalidOperationException($"{Setting}: '{text}' is neither an address nor a network such as 10.0.0.0/8.");
        return options;
    }
}

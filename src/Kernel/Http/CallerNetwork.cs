using System.Net;
using System.Net.Sockets;

namespace Licensing.Kernel.Http;

/// <summary>What an address counts as where callers are counted: who has one IPv6 address has the 2^64 beside it.</summary>
public static class CallerNetwork
{
    /// <returns>An IPv4 address, the /64 of an IPv6 address, or <c>unknown</c> where there is none.</returns>
    public static string Of(string address) =>
        IPAddress.TryParse(address, out var ip) ? Of(ip) : address.Length == 0 ? Of(null as IPAddress) : address;

    /// <summary>What a site has in IPv6, where an address is one of 2^16 networks.</summary>
    /// <returns>The /48 with its length, so that it is no network's name; an IPv4 address is its own site.</returns>
    public static string SiteOf(string address) =>
        IPAddress.TryParse(address, out var ip) && ip is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false }
            ? $"{First(ip, 6)}/48"
            : Of(address);

    /// <inheritdoc cref="Of(string)"/>
    public static string Of(IPAddress? address) => address switch
    {
        not { AddressFamily: AddressFamily.InterNetworkV6 } => address?.ToString() ?? "unknown",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        _ => First(address, 8),
    };

    private static string First(IPAddress address, int count)
    {
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(count).Clear();
        return new IPAddress(bytes).ToString();
    }
}

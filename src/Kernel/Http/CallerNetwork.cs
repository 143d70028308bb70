using System.Net;
using System.Net.Sockets;

namespace Licensing.Kernel.Http;

/// <summary>What an address counts as where callers are counted: who has one IPv6 address has the 2^64 beside it.</summary>
public static class CallerNetwork
{
    /// <returns>An IPv4 address, the /64 of an IPv6 address, or <c>unknown</c> where there is none.</returns>
    public static string Of(string address) => IPAddress.TryParse(address, out var ip) ? Of(ip) : address.Length == 0 ? Of(null as IPAddress) : address;

    /// <inheritdoc cref="Of(string)"/>
    public static string Of(IPAddress? address)
    {
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6 })
            return address?.ToString() ?? "unknown";
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4().ToString();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }
}

using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Time-based one-time passwords (RFC 6238) as every authenticator makes them. The framework's provider reads the wall clock and
/// does not tell which step it accepted, so it could not refuse a code's second use.
/// </summary>
internal static class Totp
{
    public const int Digits = 6;
    public const int StepSeconds = 30;
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The step whose code it is: this one, or a neighbour for clocks that differ.</summary>
    public static long? StepOf(string key, string code, DateTimeOffset now)
    {
        var secret = Decode(key);
        var current = now.ToUnixTimeSeconds() / StepSeconds;
        long? found = null;
        for (var step = current - 1; step <= current + 1; step++)
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(CodeOf(secret, step)), Encoding.UTF8.GetBytes(code)))
                found = step;
        return found;
    }

    public static string CodeOf(string key, DateTimeOffset at) => CodeOf(Decode(key), at.ToUnixTimeSeconds() / StepSeconds);

    public static string UriOf(string issuer, string account, string key) =>
        $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(account)}"
        + $"?secret={key}&issuer={Uri.EscapeDataString(issuer)}&algorithm=SHA1&digits={Digits}&period={StepSeconds}";

    private static string CodeOf(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // What the RFC and the authenticators have; a MAC does not need collision resistance.
        var mac = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(mac.AsSpan(mac[^1] & 0xf)) & 0x7fff_ffff;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    private static byte[] Decode(string key)
    {
        var bytes = new byte[key.Length * 5 / 8];
        var (bits, count, at) = (0, 0, 0);
        foreach (var c in key)
        {
            bits = (bits << 5) | Base32.IndexOf(c, StringComparison.Ordinal);
            count += 5;
            if (count >= 8)
                bytes[at++] = (byte)(bits >> (count -= 8));
            bits &= 0xff;
        }

        return bytes;
    }
}

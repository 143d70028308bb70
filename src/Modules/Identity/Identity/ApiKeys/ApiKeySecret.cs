using System.Security.Cryptography;
using System.Text;

namespace Licensing.Identity.ApiKeys;

/// <summary>
/// <c>lk_&lt;prefix&gt;_&lt;secret&gt;_&lt;check&gt;</c>: eight public characters to find it by, 190 bits of secret, and six characters of
/// CRC-32 that catch a mistyped key (and let scanners recognise a leaked one) before anything is read.
/// </summary>
internal static class ApiKeySecret
{
    public const string Mark = "lk_";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int PrefixLength = 8;
    private const int SecretLength = 32;
    private const int CheckLength = 6;
    private const int Length = 3 + PrefixLength + 1 + SecretLength + 1 + CheckLength;

    public static (string Key, string Prefix) New()
    {
        var prefix = RandomNumberGenerator.GetString(Alphabet, PrefixLength);
        var body = $"{Mark}{prefix}_{RandomNumberGenerator.GetString(Alphabet, SecretLength)}";
        return ($"{body}_{CheckOf(body)}", prefix);
    }

    /// <summary>The public part of a well-formed key, else null.</summary>
    public static string? PrefixOf(string key)
    {
        if (key.Length != Length || !key.StartsWith(Mark, StringComparison.Ordinal) || key[3 + PrefixLength] != '_' || key[^(CheckLength + 1)] != '_')
            return null;
        var body = key.AsSpan(0, Length - CheckLength - 1);
        return body[3..].IndexOfAnyExcept(Alphabet + "_") < 0 && key.AsSpan(Length - CheckLength).SequenceEqual(CheckOf(body))
            ? key.Substring(3, PrefixLength)
            : null;
    }

    // A plain digest is enough for a secret that no one can guess.
    public static byte[] Digest(string key) => SHA256.HashData(Encoding.ASCII.GetBytes(key));

    public static bool Is(string key, byte[] stored) => CryptographicOperations.FixedTimeEquals(Digest(key), stored);

    internal static string CheckOf(ReadOnlySpan<char> body)
    {
        var crc = uint.MaxValue;
        foreach (var character in body)
        {
            crc ^= character;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        crc = ~crc;
        Span<char> check = stackalloc char[CheckLength];
        for (var i = CheckLength - 1; i >= 0; i--, crc /= 62)
            check[i] = Alphabet[(int)(crc % 62)];
        return new string(check);
    }
}

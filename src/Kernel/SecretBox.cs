using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Licensing.Kernel;

/// <summary>
/// Seals what must lie encrypted in the database (AES-256-GCM), or only be recognised there. The key comes from the setting
/// <c>Security:MasterKey</c> (base64, 32 bytes) or from a file that the host makes once; every host on one database needs the same.
/// </summary>
public sealed class SecretBox
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly byte[] _key;
    private readonly byte[] _digestKey;

    public SecretBox(IConfiguration configuration)
    {
        _key = configuration["Security:MasterKey"] is { Length: > 0 } text
            ? Convert.FromBase64String(text)
            : throw new InvalidOperationException("Security:MasterKey is not set.");
        if (_key.Length != 32)
            throw new InvalidOperationException("Security:MasterKey must be 32 bytes in base64.");
        _digestKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, _key, HMACSHA256.HashSizeInBytes, info: "licensing digest"u8.ToArray());
    }

    /// <summary>Recognises <paramref name="clear"/> again (HMAC-SHA-256); whoever reads only the database cannot try out what it was.</summary>
    public byte[] Digest(ReadOnlySpan<byte> clear) => HMACSHA256.HashData(_digestKey, clear);

    public byte[] Seal(ReadOnlySpan<byte> clear)
    {
        var sealedBytes = new byte[NonceBytes + clear.Length + TagBytes];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = NewCipher();
        cipher.Encrypt(nonce, clear, sealedBytes.AsSpan(NonceBytes, clear.Length), sealedBytes.AsSpan(NonceBytes + clear.Length));
        return sealedBytes;
    }

    public byte[] Open(ReadOnlySpan<byte> sealedBytes)
    {
        var clear = new byte[sealedBytes.Length - NonceBytes - TagBytes];
        using var cipher = NewCipher();
        cipher.Decrypt(sealedBytes[..NonceBytes], sealedBytes.Slice(NonceBytes, clear.Length), sealedBytes[(NonceBytes + clear.Length)..], clear);
        return clear;
    }

    // One for each call: a cipher that two threads use at once fails, or seals what nobody can open again.
    private AesGcm NewCipher() => new(_key, TagBytes);
}

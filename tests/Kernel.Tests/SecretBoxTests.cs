using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Licensing.Kernel.Tests;

public sealed class SecretBoxTests
{
    private static readonly byte[] Clear = Encoding.UTF8.GetBytes("""{"password":"x"}""");

    [Fact]
    public void A_digest_depends_on_the_key_and_is_no_plain_hash()
    {
        var box = Box(1);
        var same = Box(1);
        var other = Box(2);

        box.Digest(Clear).ShouldBe(same.Digest(Clear));
        box.Digest(Clear).ShouldNotBe(other.Digest(Clear));
        box.Digest(Clear).ShouldNotBe(SHA256.HashData(Clear));
        // The master key itself digests nothing: what one use of it shows must not help with another.
        box.Digest(Clear).ShouldNotBe(HMACSHA256.HashData(KeyOf(1), Clear));
    }

    private static byte[] KeyOf(byte first) => [first, .. new byte[31]];

    [Fact]
    public void Many_threads_seal_and_open_at_once()
    {
        var box = Box(1);
        Parallel.For(0, 20_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var clear = BitConverter.GetBytes(i);
            box.Open(box.Seal(clear)).ShouldBe(clear);
        });
    }

    private static SecretBox Box(byte first) => new(new ConfigurationBuilder().AddInMemoryCollection(
        new Dictionary<string, string?> { ["Security:MasterKey"] = Convert.ToBase64String(KeyOf(first)) }).Build());
}

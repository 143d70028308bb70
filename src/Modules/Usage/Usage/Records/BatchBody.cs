using System.Buffers;
using System.Text.Json;

namespace Licensing.Usage.Records;

/// <summary>
/// The body of a batch while it comes in: only what is not read yet is kept, which is at most as much as one record and what came with it.
/// </summary>
internal sealed class BatchBody(Stream body, int most) : IDisposable
{
    private const int FirstSize = 64 * 1024;

    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstSize);
    private int _start;
    private int _end;
    private int _total;

    /// <summary>Whether <see cref="Unread"/> ends where the body does.</summary>
    public bool IsWhole { get; private set; }

    public ReadOnlyMemory<byte> Unread => _buffer.AsMemory(_start, _end - _start);

    /// <summary>How much memory it holds.</summary>
    public int Held => _buffer.Length;

    public void Advance(int bytes) => _start += bytes;

    /// <summary>Waits for more.</summary>
    /// <returns>False where the body is larger than it may be.</returns>
    public async ValueTask<bool> MoreAsync(CancellationToken ct)
    {
        MakeRoom();
        // The server limits what is on the wire and the decompression what comes out of it; a server without limits of its own has this.
        // A byte order mark may come in pieces, of which none is text.
        var read = await body.ReadAtLeastAsync(_buffer.AsMemory(_end), _total == 0 ? ByteOrderMark.Length : 1, throwOnEndOfStream: false, ct);
        if (_total == 0)
            SkipByteOrderMark(read);
        (_end, _total, IsWhole) = (_end + read, _total + read, read == 0);
        return _total <= most;
    }

    private void SkipByteOrderMark(int read)
    {
        if (_buffer.AsSpan(0, read).StartsWith(ByteOrderMark))
            _start = ByteOrderMark.Length;
    }

    private void MakeRoom()
    {
        var unread = Unread;
        if (_start > 0)
        {
            unread.Span.CopyTo(_buffer);
            (_start, _end) = (0, unread.Length);
        }
        else if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            unread.Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    internal static JsonException Malformed(string message, string path) => new(message, path, null, null);

    internal static JsonException NotText() => Malformed("A text is not valid UTF-8, or has half a surrogate pair.", "$");
}

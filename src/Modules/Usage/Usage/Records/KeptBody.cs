using System.Buffers;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Records;

/// <summary>
/// The whole body of a batch with an Idempotency-Key: its hash is wanted before any of it is read. It takes room as it comes, like the records
/// that it becomes afterwards, so that a key is no way round the waiting room.
/// </summary>
internal static class KeptBody
{
    private const int FirstBytes = 64 * 1024;

    /// <returns>Why it is not kept, or null.</returns>
    public static async Task<Refusal?> KeepAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var room = services.GetRequiredService<Rooms>().Of(services.GetRequiredService<Principal>().Access);
        // Held as long as the body is: until the request is over.
        context.Response.RegisterForDispose(room);
        var (body, kept) = (context.Request.Body, new MemoryStream());
        var buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
        try
        {
            while (true)
            {
                if (room.Refuses(buffer.Length + kept.Capacity) is { } noRoom)
                    return noRoom;
                var read = await body.ReadAsync(buffer, context.RequestAborted);
                if (kept.Length + read > IngestUsage.MostBytes)
                    return BatchRefusals.TooLarge;
                if (read == 0)
                    break;
                if (kept.Length + read > kept.Capacity && Grown(kept, read) is var capacity)
                {
                    // Taken before the memory is.
                    if (room.Refuses(buffer.Length + capacity) is { } full)
                        return full;
                    kept.Capacity = capacity;
                }

                kept.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        context.Request.Body = kept;
        return null;
    }

    /// <summary>Waits until the sender may have one more transaction: it begins with the key.</summary>
    public static async Task TakeTurnAsync(HttpContext context)
    {
        var services = context.RequestServices;
        context.Response.RegisterForDispose(
            await services.GetRequiredService<SenderTurns>().TakeAsync(services.GetRequiredService<Principal>().Access, context.RequestAborted));
    }

    // By doubling, but not beyond what it may have: the last doubling would take as much again for nothing.
    private static int Grown(MemoryStream kept, int more) =>
        Math.Min(IngestUsage.MostBytes, Math.Max((int)kept.Length + more, 2 * kept.Capacity));
}

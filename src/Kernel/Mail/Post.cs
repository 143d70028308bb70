using System.Text.Json;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Caching.Memory;

namespace Licensing.Kernel.Mail;

/// <summary>A letter on its way; sealed, because its text may hold a one-time token.</summary>
[Message("kernel.letter-posted.v1")]
public sealed record LetterPosted(Guid Id, byte[] Sealed);

/// <summary>Posts letters through the outbox: a letter goes out when the transaction that wrote it has committed, and else never.</summary>
public sealed class Post(SecretBox secrets, TimeProvider clock)
{
    /// <param name="db">Of the module whose transaction it is.</param>
    /// <param name="letter">What to send.</param>
    /// <param name="at">Not before this instant; null is at once.</param>
    public void Send(ModuleDb db, Letter letter, DateTimeOffset? at = null) => db.Publish(
        new LetterPosted(Id.NewGuid(clock.GetUtcNow()), secrets.Seal(JsonSerializer.SerializeToUtf8Bytes(letter, StoredJson.Options))), at);
}

/// <summary>Sends a posted letter, at least once. One module subscribes it for all of them.</summary>
public sealed class SendLetter(IMailSender sender, SecretBox secrets, SentLetters sent) : IHandle<LetterPosted>
{
    public async Task HandleAsync(LetterPosted message, CancellationToken ct)
    {
        if (sent.Contains(message.Id))
            return;
        await sender.SendAsync(message.Id, JsonSerializer.Deserialize<Letter>(secrets.Open(message.Sealed), StoredJson.Options)!, ct);
        sent.Add(message.Id);
    }
}

/// <summary>
/// What this process sent lately. When one letter of a batch fails, the others are delivered once more, and their receivers should
/// not be told everything twice.
/// </summary>
public sealed class SentLetters : IDisposable
{
    private readonly MemoryCache _ids = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    public bool Contains(Guid id) => _ids.TryGetValue(id, out _);

    public void Add(Guid id) => _ids.Set(id, true, new MemoryCacheEntryOptions { Size = 1 });

    public void Dispose() => _ids.Dispose();
}

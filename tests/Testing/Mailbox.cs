using System.Collections.Concurrent;
using Licensing.Kernel.Mail;

namespace Licensing.Testing;

/// <summary>Takes what would go out by mail.</summary>
public sealed class Mailbox : IMailSender
{
    private readonly ConcurrentQueue<(Guid Id, Letter Letter)> _letters = new();

    /// <summary>Nothing gets through to these addresses.</summary>
    public ConcurrentDictionary<string, bool> Broken { get; } = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<Letter> To(string address) =>
        [.. _letters.Where(x => x.Letter.To.Equals(address, StringComparison.OrdinalIgnoreCase)).Select(x => x.Letter)];

    /// <summary>The token in the link of the newest letter to someone that holds one.</summary>
    public string TokenFor(string address) => To(address).Last(l => l.Text.Contains("#token=")).Text.Split("#token=")[1].Split('\n')[0].Trim();

    public Task SendAsync(Guid id, Letter letter, CancellationToken ct)
    {
        if (Broken.ContainsKey(letter.To))
            throw new IOException($"{letter.To} does not take mail.");
        _letters.Enqueue((id, letter));
        return Task.CompletedTask;
    }
}

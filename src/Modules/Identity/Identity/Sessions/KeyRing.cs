namespace Licensing.Identity.Sessions;

/// <summary>The keys as one read found them. Which of them signs follows from the time alone, so all hosts change over together.</summary>
internal sealed record KeyRing(DateTimeOffset ReadAt, IReadOnlyList<SigningKey> Keys)
{
    public SigningKey? Current(DateTimeOffset now) => Keys.Where(k => k.SignsFrom <= now && !k.HasEnded(now)).MaxBy(k => k.SignsFrom);

    /// <summary>Those that are published: whoever keeps a document that one of them signed can still look it up.</summary>
    public IEnumerable<SigningKey> Published(DateTimeOffset now) => Keys.Where(k => !k.HasEnded(now));

    /// <summary>
    /// Those whose access tokens are believed: one that has signed no more for longer than a token lives has none. A stolen key that has ended
    /// takes nobody's place, though it began later than the key that took its own.
    /// </summary>
    public IEnumerable<SigningKey> Believed(DateTimeOffset now) => Published(now).Where(
        k => !Published(now).Any(later => later.SignsFrom > k.SignsFrom && later.SignsFrom + AccessTokens.Lifetime + HostClocks.Slack <= now));

    public SigningKeyState StateOf(SigningKey key, DateTimeOffset now) =>
        key.HasEnded(now) ? SigningKeyState.Ended
        : key.SignsFrom > now ? SigningKeyState.Next
        : key == Current(now) ? SigningKeyState.Current
        : SigningKeyState.Retiring;
}

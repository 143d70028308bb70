using Licensing.Identity.Credentials;

namespace Licensing.Identity.Tests.Sessions;

public sealed class CredentialCacheTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);

    private readonly ManualClock _clock = new(Start);
    private readonly CredentialCache _cache;
    private int _proofs;

    public CredentialCacheTests() => _cache = new CredentialCache(_clock);

    public void Dispose() => _cache.Dispose();

    [Fact]
    public async Task A_credential_is_proved_once_in_fifteen_seconds()
    {
        await AskAsync("a", Start.AddHours(1));
        await AskAsync("a", Start.AddHours(1));
        _proofs.ShouldBe(1);
        await AskAsync("b", Start.AddHours(1));
        _proofs.ShouldBe(2);

        _clock.Advance(TimeSpan.FromSeconds(15));
        await AskAsync("a", Start.AddHours(1));
        _proofs.ShouldBe(3);
    }

    [Fact]
    public async Task It_is_not_believed_longer_than_it_lives()
    {
        await AskAsync("a", Start.AddSeconds(5));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await AskAsync("a", Start.AddSeconds(5));
        _proofs.ShouldBe(2);
    }

    [Fact]
    public async Task What_was_read_before_a_change_is_not_kept_after_it()
    {
        await _cache.ProveAsync("a", (_, _) =>
        {
            // The change commits while the old rights are on their way.
            _cache.Forget();
            return Task.FromResult(new Proven(Access.System, null, Start.AddHours(1)));
        }, TestContext.Current.CancellationToken);

        await AskAsync("a", Start.AddHours(1));

        _proofs.ShouldBe(1);
    }

    [Fact]
    public async Task A_refusal_is_not_kept()
    {
        for (var i = 0; i < 2; i++)
            (await _cache.ProveAsync("bad", (_, _) =>
            {
                _proofs++;
                return Task.FromResult<Proven>(CredentialRefusals.Invalid);
            }, TestContext.Current.CancellationToken)).Refusal.ShouldBe(CredentialRefusals.Invalid);

        _proofs.ShouldBe(2);
    }

    private async Task AskAsync(string credential, DateTimeOffset until) => (await _cache.ProveAsync(credential, (_, _) =>
    {
        _proofs++;
        return Task.FromResult(new Proven(Access.System, null, until));
    }, TestContext.Current.CancellationToken)).Access.ShouldNotBeNull();
}

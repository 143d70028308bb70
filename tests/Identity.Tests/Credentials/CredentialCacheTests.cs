using Licensing.Identity.Credentials;

namespace Licensing.Identity.Tests.Credentials;

public sealed class CredentialCacheTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);

    private readonly ManualClock _clock = new(Start);
    private readonly CredentialCache _cache;
    private int _proofs;

    public CredentialCacheTests() => _cache = new CredentialCache(_clock);

    public void Dispose() => _cache.Dispose();

    [Fact]
    public async Task A_credential_is_proved_once_in_five_seconds()
    {
        await AskAsync("a", Start.AddHours(1));
        await AskAsync("a", Start.AddHours(1));
        _proofs.ShouldBe(1);
        await AskAsync("b", Start.AddHours(1));
        _proofs.ShouldBe(2);

        _clock.Advance(TimeSpan.FromSeconds(5));
        await AskAsync("a", Start.AddHours(1));
        _proofs.ShouldBe(3);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_has_nobody_believed_for_longer()
    {
        await AskAsync("a", Start.AddHours(1));
        _clock.SetBack(TimeSpan.FromHours(1));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await AskAsync("a", Start.AddHours(1));
        _proofs.ShouldBe(2);
    }

    [Fact]
    public async Task That_a_credential_held_lately_outlasts_every_change_and_ends_when_it_holds_no_more()
    {
        _cache.HeldLately("a").ShouldBeFalse();
        await AskAsync("a", Start.AddHours(1));
        _cache.Forget();
        _clock.Advance(TimeSpan.FromSeconds(5));
        _cache.HeldLately("a").ShouldBeTrue();

        await _cache.ProveAsync("a", (_, _) => Task.FromResult<Proven>(CredentialRefusals.Invalid), TestContext.Current.CancellationToken);

        _cache.HeldLately("a").ShouldBeFalse();
    }

    [Fact]
    public async Task A_credential_is_not_believed_longer_than_it_lives()
    {
        await AskAsync("a", Start.AddSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(2));
        await AskAsync("a", Start.AddSeconds(2));
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

    [Fact]
    public async Task What_many_ask_at_once_is_proved_once_and_one_who_hangs_up_stops_no_one_else()
    {
        var gate = new TaskCompletionSource();
        async Task<Proven> Prove(string credential, CancellationToken ct)
        {
            Interlocked.Increment(ref _proofs);
            await gate.Task.WaitAsync(ct);
            return new Proven(Access.System, null, Start.AddHours(1));
        }

        using var hangsUp = new CancellationTokenSource();
        var first = _cache.ProveAsync("popular", Prove, hangsUp.Token).AsTask();
        var others = Enumerable.Range(0, 50)
            .Select(_ => _cache.ProveAsync("popular", Prove, TestContext.Current.CancellationToken).AsTask()).ToList();
        await hangsUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        gate.SetResult();

        (await Task.WhenAll(others)).ShouldAllBe(p => p.Access!.Kind == PrincipalKind.System);
        _proofs.ShouldBe(1);
    }

    [Fact]
    public async Task Who_comes_after_a_change_does_not_get_what_was_read_before_it()
    {
        var gate = new TaskCompletionSource<Proven>();
        var before = _cache.ProveAsync("a", (_, _) => gate.Task, TestContext.Current.CancellationToken).AsTask();
        _cache.Forget();

        var after = await _cache.ProveAsync(
            "a", (_, _) => Task.FromResult<Proven>(CredentialRefusals.Invalid), TestContext.Current.CancellationToken);
        gate.SetResult(new Proven(Access.System, null, Start.AddHours(1)));
        await before;

        after.Refusal.ShouldBe(CredentialRefusals.Invalid);
        await AskAsync("a", Start.AddHours(1));
        _proofs.ShouldBe(1);
    }

    [Fact]
    public async Task A_proof_that_fails_is_tried_again()
    {
        await Should.ThrowAsync<TimeoutException>(() => _cache.ProveAsync(
            "a", (_, _) => Task.FromException<Proven>(new TimeoutException()), TestContext.Current.CancellationToken).AsTask());

        await AskAsync("a", Start.AddHours(1));

        _proofs.ShouldBe(1);
    }

    [Fact]
    public async Task The_cache_holds_a_bounded_number()
    {
        for (var i = 0; i < CredentialCache.MostEntries + 1_000; i++)
            await AskAsync($"{i}", Start.AddHours(1));

        _cache.Count.ShouldBeLessThanOrEqualTo(CredentialCache.MostEntries);
    }

    private async Task AskAsync(string credential, DateTimeOffset until) => (await _cache.ProveAsync(credential, (_, _) =>
    {
        _proofs++;
        return Task.FromResult(new Proven(Access.System, null, until));
    }, TestContext.Current.CancellationToken)).Access.ShouldNotBeNull();
}

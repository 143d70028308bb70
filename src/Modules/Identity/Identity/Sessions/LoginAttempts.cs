using System.Globalization;
using System.Text;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Settings <c>Security:Login</c>.</summary>
internal sealed class LoginSettings
{
    /// <summary>Tries that one address has at one account before it, and it alone, is locked out of that account for a while.</summary>
    public int TriesPerAddress { get; set; } = 10;

    /// <summary>Tries that one address has at all accounts together within <see cref="ForgetAfter"/>.</summary>
    public int TriesOfAddress { get; set; } = 100;

    /// <summary>The same of one IPv6 site (/48): who has one changes networks at will.</summary>
    public int TriesOfSite { get; set; } = 1_000;

    /// <summary>Everybody is locked out of an account only after so many tries …</summary>
    public int TriesOfAccount { get; set; } = 50;

    /// <summary>… from so many addresses, where an IPv6 site (/48) is one.</summary>
    public int AddressesOfAccount { get; set; } = 5;

    public TimeSpan FirstLock { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Locks grow to the double each time, up to this.</summary>
    public TimeSpan LongestLock { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>Tries older than this no longer count.</summary>
    public TimeSpan ForgetAfter { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>From an address where the user has logged in before, an account's own lock does not keep him out.</summary>
    public TimeSpan KnownFor { get; set; } = TimeSpan.FromDays(30);
}

/// <summary>
/// Slows down guessing without letting a stranger keep a user out: who fails often is locked out of that account from his own address
/// first, for a minute that doubles. Only tries from many addresses lock an account for all, shortly, and not for an address where the
/// user was before. Each try is counted before the password is looked at and on a connection of its own, so parallel guesses count and a
/// refused request does not roll the count back. Names that no user has are counted alike, or the lock would tell who exists.
/// </summary>
internal sealed class LoginAttempts(
    NpgsqlDataSource database, SecretBox secrets, IConfiguration configuration, IServiceScopeFactory scopes, TimeProvider clock)
{
    private const int MostDoublings = 10;
    private static readonly byte[] AllAccounts = [];

    private readonly LoginSettings _settings = configuration.GetSection("Security:Login").Get<LoginSettings>() ?? new LoginSettings();

    /// <summary>Counts a try of an address, and of its site, whatever the account.</summary>
    /// <returns>The refusal when either has had enough.</returns>
    public async Task<Refusal?> RefusalOfAsync(string address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var count = database.CreateCommand(
            """
            insert into identity.login_tries as t (account, address, failures, total, locks, last_at)
            select $1, a, 1, 0, 0, $3 from unnest($2) a order by a
            on conflict (account, address) do update set
                failures = case when t.last_at < $4 then 1 else least(t.failures + 1, $5 + 1) end,
                last_at = case when t.last_at < $4 then $3 else t.last_at end
            returning failures, last_at, address = $6
            """);
        foreach (var value in new object[]
        {
            AllAccounts, Whence(address), now, now - _settings.ForgetAfter,
            Math.Max(_settings.TriesOfAddress, _settings.TriesOfSite), CallerNetwork.Of(address),
        })
            count.Parameters.Add(new() { Value = value });
        await using var reader = await count.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            if (reader.GetInt32(0) > (reader.GetBoolean(2) ? _settings.TriesOfAddress : _settings.TriesOfSite))
                return SessionRefusals.TooManyTries with { RetryAfter = reader.GetFieldValue<DateTimeOffset>(1) + _settings.ForgetAfter - now };
        return null;
    }

    private static string[] Whence(string address) =>
        [.. new[] { CallerNetwork.Of(address), CallerNetwork.SiteOf(address) }.Distinct(StringComparer.Ordinal)];

    /// <summary>Counts a try at an account. Never inside a transaction: it takes a connection of its own.</summary>
    /// <returns>Whether the password may be looked at.</returns>
    public async Task<bool> MayTryAsync(string account, string address, CancellationToken ct)
    {
        var (mayTry, begins) = await CountAsync(account, address, ct);
        if (begins)
            await AnnounceAsync(account, ct);
        return mayTry;
    }

    private async Task<(bool MayTry, bool LockBegins)> CountAsync(string account, string address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var (digest, network) = (DigestOf(account), CallerNetwork.Of(address));
        bool mayTry, isKnown, locksItself;
        await using var connection = await database.OpenConnectionAsync(ct);
        await using (var own = new NpgsqlCommand(
            """
            insert into identity.login_tries as t (account, address, failures, total, locks, last_at) values ($1, $2, 1, 1, 0, $3)
            on conflict (account, address) do update set
                failures = case when t.last_at < $4 then 1 when t.failures + 1 >= $5 then 0 else t.failures + 1 end,
                total = case when t.last_at < $4 then 1 else t.total + 1 end,
                locks = case when t.last_at < $4 then 0 when t.failures + 1 >= $5 then least(t.locks + 1, $8) else t.locks end,
                locked_until = case when t.last_at >= $4 and t.failures + 1 >= $5 then $3 + least($6 * power(2, t.locks), $7) end,
                last_at = $3
            where t.locked_until is null or t.locked_until <= $3
            returning succeeded_at, locked_until is not null
            """, connection))
        {
            foreach (var value in new object[]
            {
                digest, network, now, now - _settings.ForgetAfter, _settings.TriesPerAddress, _settings.FirstLock, _settings.LongestLock,
                MostDoublings,
            })
                own.Parameters.Add(new() { Value = value });
            await using var reader = await own.ExecuteReaderAsync(ct);
            var knownSince = now - _settings.KnownFor;
            (mayTry, isKnown, locksItself) = await reader.ReadAsync(ct)
                ? (true, !await reader.IsDBNullAsync(0, ct) && reader.GetFieldValue<DateTimeOffset>(0) > knownSince, reader.GetBoolean(1))
                : (false, false, false);
        }

        // Asked whatever the answer so far, so that the time tells nothing.
        var (isLocked, locksAll) = await LockAccountAsync(connection, digest, now, ct);
        return (mayTry && (isKnown || !isLocked), locksItself || locksAll);
    }

    // For names that nobody has, too, or the time would tell. Sealed: passwords get typed into that field.
    private async Task AnnounceAsync(string account, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(ct);
        var name = secrets.Seal(Encoding.UTF8.GetBytes(account.ToLowerInvariant()));
        scope.ServiceProvider.GetRequiredService<IdentityDb>().Publish(new LoginLocked(name));
        await session.SaveAsync(ct);
        await session.CommitAsync(CancellationToken.None);
    }

    /// <summary>Forgets what the address failed at before, and knows it for the user's own.</summary>
    public async Task SucceededAsync(string account, string address, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(Success([DigestOf(account)], address, clock.GetUtcNow()));
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// A password held at a log-in: it was no guess at all accounts, and is not counted as one (<see cref="RefusalOfAsync"/>). At the account the
    /// try stays counted while a code is needed, or whoever knows the password could try codes for ever.
    /// </summary>
    public async Task HeldAtLogInAsync(string account, string address, bool needsCode, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        if (!needsCode)
            batch.BatchCommands.Add(Success([DigestOf(account)], address, clock.GetUtcNow()));
        // In the order in which they are counted, or who counts and who gives back wait for each other.
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            with own as (
                select account, address from identity.login_tries where account = $1 and address = any ($2) order by address for update)
            update identity.login_tries t set failures = greatest(t.failures - 1, 0) from own
            where t.account = own.account and t.address = own.address
            """)
        { Parameters = { new() { Value = AllAccounts }, new() { Value = Whence(address) } } });
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The same under either of a user's names, in the transaction of what he has proved himself for with more than a password.</summary>
    public async Task SucceededAsync(DbSession session, User user, string address, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        batch.BatchCommands.Add(Success(DigestsOf(user), address, clock.GetUtcNow()));
        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Opens a user's account again for all, in the transaction of whoever says so.</summary>
    public async Task UnlockAsync(DbSession session, User user, CancellationToken ct)
    {
        await using var unlock = new NpgsqlCommand(
            "update identity.login_tries set failures = 0, total = 0, locks = 0, locked_until = null where account = any ($1)",
            await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = DigestsOf(user) } } };
        await unlock.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Removes what counts for nobody any more, and where nobody has logged in for long.</summary>
    public Task<int> ForgetOldAsync(int batch, CancellationToken ct) => BoundedDelete.RunAsync(
        database, "identity.login_tries",
        $"""
        last_at < $1 - {Seconds(_settings.ForgetAfter + _settings.LongestLock)} and (locked_until is null or locked_until < $1)
        and (succeeded_at is null or succeeded_at < $1 - {Seconds(_settings.KnownFor)})
        """, clock.GetUtcNow(), batch, ct);

    private static string Seconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"make_interval(secs => {span.TotalSeconds:0.###})");

    private static NpgsqlBatchCommand Success(byte[][] accounts, string address, DateTimeOffset now) => new(
        """
        update identity.login_tries set failures = 0, total = 0, locks = 0, locked_until = null, succeeded_at = $3
        where account = any ($1) and address = $2
        """)
    { Parameters = { new() { Value = accounts }, new() { Value = CallerNetwork.Of(address) }, new() { Value = now } } };

    private byte[][] DigestsOf(User user) => [.. new[] { user.Email, user.Username }.OfType<string>().Select(DigestOf)];

    private async Task<(bool IsLocked, bool Begins)> LockAccountAsync(
        NpgsqlConnection connection, byte[] account, DateTimeOffset now, CancellationToken ct)
    {
        await using var locking = new NpgsqlCommand(
            """
            with tried as (
                select count(distinct case when address like '%:%' then network(set_masklen(address::inet, 48))::text else address end) as addresses,
                    coalesce(sum(total), 0) as tries
                from identity.login_tries
                where account = $1 and address <> '*' and last_at >= $3 and total > 0),
            locked as (
                insert into identity.login_tries as t (account, address, failures, total, locks, last_at, locked_until)
                select $1, '*', 0, 0, 1, $2, $2 + $4 from tried where addresses >= $6 and tries >= $7
                on conflict (account, address) do update set
                    locks = case when t.last_at < $3 then 1 else least(t.locks + 1, $8) end,
                    locked_until = $2 + case when t.last_at < $3 then $4 else least($4 * power(2, t.locks), $5) end,
                    last_at = $2
                where t.locked_until is null or t.locked_until <= $2
                returning account),
            counted as (
                update identity.login_tries set total = 0 where account in (select account from locked) and address <> '*')
            select exists (select from identity.login_tries where account = $1 and address = '*' and locked_until > $2), exists (select from locked)
            """, connection);
        foreach (var value in new object[]
        {
            account, now, now - _settings.ForgetAfter, _settings.FirstLock, _settings.LongestLock, _settings.AddressesOfAccount,
            (long)_settings.TriesOfAccount, MostDoublings,
        })
            locking.Parameters.Add(new() { Value = value });
        await using var row = await locking.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return (row.GetBoolean(0), row.GetBoolean(1));
    }

    // Not the name itself: passwords get typed into that field.
    private byte[] DigestOf(string account) => secrets.Digest(Encoding.UTF8.GetBytes("login " + account.ToLowerInvariant()));
}

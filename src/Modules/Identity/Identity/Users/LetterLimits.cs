using System.Text;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Licensing.Identity.Users;

/// <summary>
/// Settings <c>Security:Letters</c>: letters within an hour that go to addresses of someone's choosing; as many again of notices.
/// </summary>
internal sealed class LetterSettings
{
    /// <summary>To one address, whoever has them sent.</summary>
    public int PerRecipient { get; set; } = 10;

    /// <summary>Of one user, key or client, to whomever.</summary>
    public int PerPrincipal { get; set; } = 200;

    /// <summary>Of all users, keys and clients of one organisation together.</summary>
    public int PerOrganization { get; set; } = 1_000;
}

/// <summary>
/// Keeps our mails from being used against strangers: invitations, notices of another address and what customers are told go wherever a
/// caller says, under a name that he chooses. Counted in the transaction of the letter, so what is refused counts nothing.
/// </summary>
internal sealed class LetterLimits(DbSession session, SecretBox secrets, Principal principal, IConfiguration configuration, TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly LetterSettings _settings = configuration.GetSection("Security:Letters").Get<LetterSettings>() ?? new LetterSettings();

    /// <summary>Counts letters to <paramref name="addresses"/>.</summary>
    /// <returns>The refusal when it is one too many for any of them, or for who has them sent.</returns>
    public async Task<Refusal?> RefuseAsync(IReadOnlyList<string> addresses, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var most = Most("", addresses);
        // In one order for all, or two who write to the same would wait for each other.
        await using var count = new NpgsqlCommand(
            """
            insert into identity.letter_counts as c (who, since, letters) select w, $2, 1 from unnest($1) w order by w
            on conflict (who) do update set
                letters = case when c.since <= $3 then 1 else c.letters + 1 end, since = case when c.since <= $3 then $2 else c.since end
            returning who, since, letters
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = most.Keys.ToArray() }, new() { Value = now }, new() { Value = now - Window } } };
        await using var rows = await count.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            if (rows.GetInt32(2) > most[rows.GetString(0)])
                return UserRefusals.TooManyLetters with { RetryAfter = rows.GetFieldValue<DateTimeOffset>(1) + Window - now };
        return null;
    }

    /// <summary>
    /// Counts a notice, which nothing is refused for and which takes no letter of an account its place: apart from those, in the hour in which
    /// it goes out. The hours of one counter do not overlap: the first begins with a notice, the others lie whole hours after it.
    /// </summary>
    /// <returns>The first instant at which there is room for it, whomever it is counted for.</returns>
    public async Task<DateTimeOffset> TurnOfNoticeAsync(string address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var most = Most("notice ", [address]);
        // Each counter has one row, which is locked here and keeps when its latest hour began (its letters say nothing), and a row for each hour,
        // named by the hour's beginning. The turn is looked for by a statement of its own, so that what was counted while the first one waited
        // is seen.
        await using var count = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction)
        {
            BatchCommands =
            {
                new(
                    """
                    insert into identity.letter_counts as c (who, since, letters) select w, $2, 1 from unnest($1) w order by w
                    on conflict (who) do update set since = c.since
                    """)
                { Parameters = { new() { Value = most.Keys.ToArray() }, new() { Value = now - Window } } },
                new(
                    """
                    with recursive counted as (
                        -- The origin lies long ago: for an instant that is whole hours before it, date_bin of some versions of PostgreSQL
                        -- gives the hour before.
                        select c.who, c.since, c.since - 1000000 * $5 as origin, u.most
                        from unnest($1, $2) u (who, most) join identity.letter_counts c on c.who = u.who
                    ), turns (at) as (
                        select $3
                        union all
                        select full_hours.until from turns t cross join lateral (
                            select max(h.since) + $5 as until from counted c join identity.letter_counts h
                                on h.who = c.who || ' ' || extract(epoch from date_bin($5, t.at, c.origin))
                            where h.letters >= c.most) full_hours
                        where full_hours.until is not null
                    ), turn as (
                        select max(at) as at from turns
                    ), hours as (
                        select c.who, case when c.since <= $4 then t.at else date_bin($5, t.at, c.origin) end as since from counted c, turn t
                    ), noted as (
                        insert into identity.letter_counts as c (who, since, letters)
                        select who, since, 1 from hours union all select who || ' ' || extract(epoch from since), since, 1 from hours
                        on conflict (who) do update set since = greatest(c.since, excluded.since), letters = c.letters + 1
                    )
                    select at from turn
                    """)
                {
                    Parameters =
                    {
                        new() { Value = most.Keys.ToArray() }, new() { Value = most.Values.ToArray() }, new() { Value = now },
                        new() { Value = now - Window }, new() { Value = Window },
                    },
                },
            },
        };
        await using var rows = await count.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return rows.GetFieldValue<DateTimeOffset>(0);
    }

    private Dictionary<string, int> Most(string kind, IReadOnlyList<string> addresses)
    {
        var most = addresses.Select(a => $"{kind}to {Convert.ToHexStringLower(secrets.Digest(Encoding.UTF8.GetBytes("letter " + a)))}")
            .Distinct(StringComparer.Ordinal).ToDictionary(who => who, _ => _settings.PerRecipient, StringComparer.Ordinal);
        if (principal.Access.Kind is not PrincipalKind.System)
        {
            most[$"{kind}by {principal.Id}"] = _settings.PerPrincipal;
            most[$"{kind}of {principal.Access.OrganizationId}"] = _settings.PerOrganization;
        }

        return most;
    }
}

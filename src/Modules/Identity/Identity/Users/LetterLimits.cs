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
    /// Counts a notice, which nothing is refused for and which takes no letter of an account its place: apart from those, each count tells of
    /// the latest hour that has notices, and one that is full is followed by the next.
    /// </summary>
    /// <returns>The first instant at which there is room for it, whomever it is counted for.</returns>
    public async Task<DateTimeOffset> TurnOfNoticeAsync(string address, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var most = Most("notice ", [address]);
        await using var count = new NpgsqlCommand(
            """
            insert into identity.letter_counts as c (who, since, letters) select w, $3, 1 from unnest($1) w order by w
            on conflict (who) do update set (since, letters) = (
                select case when c.since <= $4 then $3 when c.letters < u.most then c.since else c.since + $5 end,
                    case when c.since <= $4 or c.letters >= u.most then 1 else c.letters + 1 end
                from unnest($1, $2) u (w, most) where u.w = c.who)
            returning since
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = most.Keys.ToArray() }, new() { Value = most.Values.ToArray() }, new() { Value = now }, new() { Value = now - Window },
                new() { Value = Window },
            },
        };
        var turn = now;
        await using var rows = await count.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            if (rows.GetFieldValue<DateTimeOffset>(0) is var since && since > turn)
                turn = since;
        return turn;
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

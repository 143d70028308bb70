using Licensing.Identity.Users;

namespace Licensing.Identity.Credentials;

/// <summary>Who may be behind a caller.</summary>
internal static class Knowing
{
    /// <summary>Of how many people one may be: more is nobody's office, but someone who makes users or keys one with the other.</summary>
    public const int MostPeople = 100;

    /// <summary>
    /// SQL for whom of <paramref name="knownTo"/> counts on: not a key or client, which stands for those who know it and are listed beside it.
    /// Where nobody knows who does, it stays: whatever it makes ends at a transfer.
    /// </summary>
    public static string Sql(string knownTo) =>
        $"""
        array(select someone from unnest({knownTo}) someone
            where not exists (select from identity.api_keys x where x.id = someone and cardinality(x.known_to) > 0)
              and not exists (select from identity.clients x where x.id = someone and cardinality(x.known_to) > 0))
        """;

    extension(Principal principal)
    {
        public Maker AsMaker() => new(principal.Id, [.. principal.Access.MayAlsoBe.Prepend(principal.Id).Distinct()]);

        /// <summary>
        /// Whether the caller may be <paramref name="user"/>: he himself, or a key, client or user whose secret or password he knows, which
        /// whoever only has his token makes first.
        /// </summary>
        public bool MayBe(UserId user) => principal.Id == user.Value || principal.Access.MayAlsoBe.Contains(user.Value);
    }
}

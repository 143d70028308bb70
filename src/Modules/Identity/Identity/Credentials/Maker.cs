using Licensing.Identity.Users;

namespace Licensing.Identity.Credentials;

/// <summary>Who makes a credential or chooses a password, and so knows it.</summary>
/// <param name="Id">User, key or client.</param>
/// <param name="KnownTo">He, and who else may be behind him: else who chose someone's password would have in his name what outlives it.</param>
internal sealed record Maker(Guid Id, Guid[] KnownTo);

internal static class Making
{
    extension(Principal principal)
    {
        public Maker Maker => new(principal.Id, [.. principal.Access.KnownTo.Prepend(principal.Id).Distinct()]);

        /// <summary>
        /// Whether the caller may be <paramref name="user"/>: he himself, or a key, client or user whose secret or password he knows, which
        /// whoever only has his token makes first.
        /// </summary>
        public bool MayBe(UserId user) => principal.Id == user.Value || principal.Access.KnownTo.Contains(user.Value);
    }
}

using System.Collections.Frozen;

namespace Licensing.Identity.Sessions;

/// <summary>What a token of ours says, once its signature, issuer, audience and life have held.</summary>
/// <param name="Id">Its jti.</param>
/// <param name="Subject">The user or the client.</param>
/// <param name="ClientId">Whom it was given to: the client itself, or <see cref="AccessTokens.OwnLogIn"/>.</param>
/// <param name="SessionId">The log-in it came from, of a user.</param>
/// <param name="Epoch">
/// The number of the client's credentials, or of the user's password, under which it was made. Null of a user's from before there was one in
/// it: like any of his it ends with its log-in.
/// </param>
/// <param name="Scope">The permissions to which it is narrowed; null is all of them.</param>
/// <param name="Enrolment">Whether it opens nothing but the setting up of a second factor.</param>
/// <param name="IssuedAt">When it was made.</param>
/// <param name="Until">When it ends.</param>
internal sealed record AccessToken(
    Guid Id, Guid Subject, string ClientId, Guid? SessionId, int? Epoch, FrozenSet<string>? Scope, bool Enrolment, DateTimeOffset IssuedAt,
    DateTimeOffset Until)
{
    public bool IsOfClient => ClientId != AccessTokens.OwnLogIn;
}

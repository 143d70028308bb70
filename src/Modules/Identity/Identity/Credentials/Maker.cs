namespace Licensing.Identity.Credentials;

/// <summary>Who makes a credential or chooses a password.</summary>
/// <param name="Id">User, key or client.</param>
/// <param name="KnownTo">
/// Who knows what he makes: he, and who else may be asking in his name. Else who chose someone's password would have in his name what outlives it.
/// </param>
internal sealed record Maker(Guid Id, Guid[] KnownTo);

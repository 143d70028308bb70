using Licensing.Identity.Users;

namespace Licensing.Identity.Federation;

/// <summary>A try at a user's code that has been counted.</summary>
/// <param name="User">Whose.</param>
/// <param name="Allowed">Whether the code may be looked at.</param>
internal sealed record CountedTry(UserId User, bool Allowed);

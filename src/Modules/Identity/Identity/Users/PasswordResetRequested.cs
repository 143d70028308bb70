using Licensing.Kernel.Messaging;

namespace Licensing.Identity.Users;

/// <summary>Someone typed an address into "forgot my password". Whose it is, if anyone's, is looked up later.</summary>
[Message("identity.password-reset-requested.v1")]
internal sealed record PasswordResetRequested(string Email);

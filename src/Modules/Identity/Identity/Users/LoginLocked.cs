using Licensing.Kernel.Messaging;

namespace Licensing.Identity.Users;

/// <summary>Log-ins under a name are refused for a while. Whose it is, if anyone's, is looked up later.</summary>
/// <param name="SealedName">What was typed, which may be a password in the wrong field.</param>
[Message("identity.login-locked.v1")]
internal sealed record LoginLocked(byte[] SealedName);

using Licensing.Kernel.Http;

namespace Licensing.Identity.Credentials;

/// <summary>
/// What outlives the credential it is asked with: credentials, users, roles, whatever administers. For that nobody is believed from memory:
/// whoever was shut out at another host a moment ago must not make himself another way in.
/// </summary>
internal static class LastingEffect
{
    public static bool IsOf(RequestPolicy policy) =>
        policy.InPerson || (policy is { Writes: true, Permission: { } permission } && IdentityPermissions.Administrative.Contains(permission));

    public static bool IsOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>() is { } slice && IsOf(slice.Policy);
}

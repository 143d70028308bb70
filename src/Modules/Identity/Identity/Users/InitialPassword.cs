using System.Security.Cryptography;

namespace Licensing.Identity.Users;

/// <summary>A password made up for someone, which opens its own change and nothing else; without letters and digits that look like others.</summary>
internal static class InitialPassword
{
    public static string New() => RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 24);
}

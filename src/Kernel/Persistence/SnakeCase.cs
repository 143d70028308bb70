using System.Text.Json;

namespace Licensing.Kernel.Persistence;

public static class SnakeCase
{
    /// <summary><c>SuspendedAt</c> → <c>suspended_at</c>: C# names as columns, action names and resource types.</summary>
    public static string Of(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}

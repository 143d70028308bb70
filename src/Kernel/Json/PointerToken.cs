namespace Licensing.Kernel;

/// <summary>One step of a JSON pointer, where a name comes from outside and may hold what parts the steps.</summary>
public static class PointerToken
{
    /// <summary>As RFC 6901 has it: <c>~</c> first, since the slash's own escape holds one.</summary>
    public static string Escape(string name) => name.Replace("~", "~0").Replace("/", "~1");
}

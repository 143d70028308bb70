namespace Licensing.Usage.Rollups;

internal static class RollupRefusals
{
    public static Refusal UnknownGroup(string asked, IEnumerable<string> known)
    {
        var message = $"groupBy takes {string.Join(", ", known)}, separated by commas; not '{asked}'.";
        return new(RefusalKind.Malformed, "invalid_group", message) { Fields = [new("?groupBy", "invalid_group", message)] };
    }

    public static Refusal TooManyDimensions(int most)
    {
        var message = $"groupBy takes at most {most} dimensions.";
        return new(RefusalKind.Malformed, "invalid_group", message) { Fields = [new("?groupBy", "invalid_group", message)] };
    }
}

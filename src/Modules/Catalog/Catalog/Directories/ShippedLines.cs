namespace Licensing.Catalog.Directories;

internal static class ShippedLines
{
    /// <summary>The lines of a data file beside this one, each in its words; the last holds the rest.</summary>
    public static IEnumerable<string[]> Of(string file, int words)
    {
        using var text = new StreamReader(typeof(ShippedLines).Assembly.GetManifestResourceStream(typeof(ShippedLines), file)
            ?? throw new InvalidOperationException($"{file} is not in the assembly."));
        while (text.ReadLine() is { } line)
            yield return line.Split(' ', words);
    }
}

namespace Licensing.Catalog.Pricing;

/// <summary>What is wrong with an import: the first of it, and how much there is. A file may be wrong in more places than anyone reads.</summary>
internal sealed class RowErrors
{
    public const int Most = 100;

    private readonly List<RowError> _first = [];

    /// <summary>All of them, also those that are not kept.</summary>
    public int Count { get; private set; }

    /// <summary>Those that are kept, in the order of their rows.</summary>
    public IReadOnlyList<RowError> First => [.. _first.OrderBy(e => e.Row)];

    public void Add(RowError error)
    {
        if (Count++ < Most)
            _first.Add(error);
    }

    public void AddRange(IEnumerable<RowError> errors)
    {
        foreach (var error in errors)
            Add(error);
    }

    public Refusal ToRefusal() => Refusal.AllFields([.. First.Select(e => e.ToField())]) is var refusal && Count <= Most
        ? refusal
        : refusal with { Message = $"The file breaks rules in {Count} places; the first {Most} that were found are listed." };

    /// <summary>A text of the file as a message may quote it.</summary>
    public static string Quote(string text) => text.Length <= 60 ? text : text[..60] + "…";
}

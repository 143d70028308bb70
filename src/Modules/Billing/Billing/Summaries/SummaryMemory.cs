namespace Licensing.Billing.Summaries;

/// <summary>What figures are of. Groups are called by what their reader reaches, so who reads is a part of it beside what he asks for.</summary>
internal readonly record struct SummaryName(string Reader, string Within, Period Period, SummaryGroup By)
{
    public static SummaryName Of(Scope reader, Scope within, Period period, SummaryGroup by) =>
        new(string.Join('|', reader.Roots), string.Join('|', within.Roots), period, by);
}

/// <summary>
/// The figures of summaries that somebody pages through, so that not every page rates everyone once more. Per process, few and for a short while:
/// who asks elsewhere, or later, has them made anew.
/// </summary>
internal sealed class SummaryMemory(TimeProvider clock)
{
    private const int MostLines = 100_000;

    private static readonly TimeSpan Stays = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly List<Kept> _kept = [];

    private sealed record Kept(SummaryName Name, DateTimeOffset Until, SummaryFigures Figures);

    public SummaryFigures? Find(SummaryName name)
    {
        lock (_gate)
            return _kept.Find(x => x.Name == name && x.Until > clock.GetUtcNow())?.Figures;
    }

    /// <summary>In the place of those kept before; those kept longest go first.</summary>
    public void Keep(SummaryName name, SummaryFigures figures)
    {
        // It would throw out all others, and then itself.
        if (figures.Lines.Count > MostLines)
            return;
        var kept = new Kept(name, clock.GetUtcNow() + Stays, figures);
        lock (_gate)
        {
            _kept.RemoveAll(x => x.Name == kept.Name || x.Until <= clock.GetUtcNow());
            _kept.Add(kept);
            while (_kept.Sum(x => x.Figures.Lines.Count) > MostLines)
                _kept.RemoveAt(0);
        }
    }
}

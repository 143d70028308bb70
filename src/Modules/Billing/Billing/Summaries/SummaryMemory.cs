namespace Licensing.Billing.Summaries;

/// <summary>
/// The figures of summaries that somebody pages through, so that not every page rates everyone once more. Per process, few and for a short while:
/// who asks elsewhere, or later, has them made anew. A scope is part of what they are kept under.
/// </summary>
internal sealed class SummaryMemory(TimeProvider clock)
{
    private const int MostLines = 100_000;

    private static readonly TimeSpan Stays = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly List<Kept> _kept = [];

    private readonly record struct Name(string Scope, Period Period, SummaryGroup By);

    private sealed record Kept(Name Name, DateTimeOffset Until, SummaryFigures Figures);

    public SummaryFigures? Find(Scope scope, Period period, SummaryGroup by)
    {
        var name = NameOf(scope, period, by);
        lock (_gate)
            return _kept.Find(x => x.Name == name && x.Until > clock.GetUtcNow())?.Figures;
    }

    /// <summary>In the place of those kept before; those kept longest go first.</summary>
    public void Keep(Scope scope, Period period, SummaryGroup by, SummaryFigures figures)
    {
        // It would throw out all others, and then itself.
        if (figures.Lines.Count > MostLines)
            return;
        var kept = new Kept(NameOf(scope, period, by), clock.GetUtcNow() + Stays, figures);
        lock (_gate)
        {
            _kept.RemoveAll(x => x.Name == kept.Name || x.Until <= clock.GetUtcNow());
            _kept.Add(kept);
            while (_kept.Sum(x => x.Figures.Lines.Count) > MostLines)
                _kept.RemoveAt(0);
        }
    }

    private static Name NameOf(Scope scope, Period period, SummaryGroup by) => new(string.Join('|', scope.Roots), period, by);
}

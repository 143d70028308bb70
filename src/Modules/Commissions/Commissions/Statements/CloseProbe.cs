namespace Licensing.Commissions.Statements;

/// <summary>
/// Between the statements of a close: where tests end it. The summary and previews read a month as a close does, and pass the
/// places of the reading too.
/// </summary>
internal sealed class CloseProbe
{
    /// <summary>Called with the name of the place; what it throws ends the close, or the reading, as if its process were killed.</summary>
    public Action<string>? At { get; set; }

    public void Hit(string place)
    {
        FaultPoints.Hit("commissions.statement");
        At?.Invoke(place);
    }
}

namespace Licensing.Commissions.Statements;

/// <summary>Between the statements of a close: where tests end it.</summary>
internal sealed class CloseProbe
{
    /// <summary>Called with the name of the place; what it throws ends the close as if its process were killed.</summary>
    public Action<string>? At { get; set; }

    public void Hit(string place)
    {
        FaultPoints.Hit("commissions.statement");
        At?.Invoke(place);
    }
}

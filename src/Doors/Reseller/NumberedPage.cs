namespace Licensing.Doors.Reseller;

/// <summary>A page that has a number, as the source has them.</summary>
/// <param name="Passed">How many rows come before it.</param>
public sealed record NumberedPage(int Passed)
{
    private const int MostSize = 200, MostPassed = 10_000;

    /// <summary>To count to what lies behind many pages would cost as many rows, so it is found otherwise.</summary>
    /// <param name="page">From 1.</param>
    /// <param name="size">Rows of a page.</param>
    /// <param name="otherwise">What to do instead of going on, with a full stop.</param>
    public static Result<NumberedPage> Of(int page, int size, string otherwise)
    {
        if (size is < 1 or > MostSize)
            return ResellerRefusals.Field("PageSize", "out_of_range", $"must be 1 to {MostSize}.");
        var passed = (page - 1L) * size;
        return passed is < 0 or > MostPassed
            ? ResellerRefusals.Field("Page", "out_of_range", $"must be 1 or more, and not begin after the first {MostPassed} rows; {otherwise}")
            : new NumberedPage((int)passed);
    }
}

namespace Licensing.Billing.Rating;

/// <summary>Why nothing is taxed (EN 16931: BT-121 and BT-120); at least one of them.</summary>
/// <param name="Code">Of the list VATEX.</param>
/// <param name="Text">In words.</param>
internal sealed record TaxReason(string? Code, string? Text)
{
    public static TaxReason? Of(string? code, string? text) => code is null && text is null ? null : new(code, text);

    /// <summary>A document says one for all that is of one category and rate: every text once, and the code where all have the same.</summary>
    public static TaxReason? Of(IEnumerable<TaxReason?> reasons)
    {
        var all = reasons.OfType<TaxReason>().Distinct().ToList();
        if (all.Count < 2)
            return all.FirstOrDefault();
        var texts = all.Select(reason => reason.Text ?? reason.Code).Distinct();
        return new(all.TrueForAll(reason => reason.Code == all[0].Code) ? all[0].Code : null, string.Join("; ", texts));
    }
}

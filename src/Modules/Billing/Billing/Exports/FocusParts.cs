using System.Runtime.CompilerServices;
using Licensing.Billing.Activity;

namespace Licensing.Billing.Exports;

/// <summary>A row of FOCUS: a part of a line; or money beside it, the tax on it or what a credit note took back.</summary>
/// <param name="Part">Of money its amount, as gross and net.</param>
/// <param name="IsTax">Whether it is the tax on a line, or on what was taken back of it.</param>
/// <param name="CreditNote">The number of the credit note that took it back.</param>
internal sealed record FocusPart(ChargedPart Part, bool IsTax = false, string? CreditNote = null)
{
    public bool IsMoney => IsTax || CreditNote is not null;
}

/// <summary>
/// Puts behind each line's parts their tax, and what was credited of the line: so the costs of all rows of a month are what its invoices come to,
/// with tax, less their credit notes (ADR 0060).
/// </summary>
internal static class FocusParts
{
    public static async IAsyncEnumerable<FocusPart> OfAsync(
        IAsyncEnumerable<ChargedPart> parts, [EnumeratorCancellation] CancellationToken ct)
    {
        // All that was told of the line that is being told, as one.
        ChargedPart? told = null;
        await foreach (var part in parts.WithCancellation(ct))
        {
            if (told is not null && !ReferenceEquals(told.Line, part.Line))
            {
                foreach (var row in Beside(told))
                    yield return row;
                told = null;
            }

            told = told is null ? part : told with
            {
                Days = new Period(told.Days.Start, part.Days.End),
                Gross = told.Gross + part.Gross,
                Net = told.Net + part.Net,
                Tax = told.Tax + part.Tax,
            };
            yield return new FocusPart(part);
        }

        if (told is not null)
            foreach (var row in Beside(told))
                yield return row;
    }

    private static IEnumerable<FocusPart> Beside(ChargedPart told)
    {
        if (told.Tax.Amount != 0)
            yield return new FocusPart(told with { Gross = TaxOfGross(told), Net = told.Tax }, IsTax: true);
        // Of several exports of a month's days only that of the line's first part has what was credited of it.
        if (!told.IsFirst)
            yield break;
        foreach (var credit in told.Line.Credits)
        {
            yield return new FocusPart(Back(told.Line, credit.Net), CreditNote: credit.Number);
            if (credit.Tax != 0)
                yield return new FocusPart(Back(told.Line, credit.Tax), IsTax: true, credit.Number);
        }
    }

    // What it would be without what caps, coupons and credits took off, as the gross is.
    private static Money TaxOfGross(ChargedPart told) => told.Gross == told.Net
        ? told.Tax
        : new Money(told.Gross.Amount * told.Line.Tax!.Percent / 100, told.Gross.Currency).Round();

    private static ChargedPart Back(ChargedLine line, decimal amount)
    {
        var back = new Money(-amount, line.Net.Currency);
        return new ChargedPart(line, line.Days, 0, back, back);
    }
}

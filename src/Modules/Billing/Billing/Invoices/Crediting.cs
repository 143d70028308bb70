using Licensing.Billing.Rating;

namespace Licensing.Billing.Invoices;

/// <summary>What of an invoice line matters when it is credited, and what has been credited of it so far.</summary>
internal sealed record CreditableLine(
    int Position, string Description, Money Net, Money Tax, string? TaxCategory, decimal? TaxPercent, Money CreditedNet, Money CreditedTax)
{
    public Money Left => Net - CreditedNet;

    /// <summary>What of it corrections of its month took back; never more than is left.</summary>
    public Money Adjusted { get; init; } = Money.Zero(Net.Currency);

    /// <summary>What may be credited of it.</summary>
    public Money Most => Left - Adjusted;

    public bool IsLeft => Left.Amount != 0 || (Tax - CreditedTax).Amount != 0;
}

/// <summary>What someone asks to have credited; without an amount all that is left of the line.</summary>
internal sealed record AskedCredit(int Position, Money? Amount = null);

/// <summary>What is credited of a line now.</summary>
internal sealed record CreditedLine(CreditableLine Line, Money Net, Money Tax);

/// <summary>Decides what a credit note takes back. Pure; the database holds the same bounds (<c>credit_notes_within_lines</c>).</summary>
internal static class Crediting
{
    /// <param name="lines">Of the invoice, in their order.</param>
    /// <param name="asked">Null is all that is left of everything.</param>
    public static Result<IReadOnlyList<CreditedLine>> Decide(IReadOnlyList<CreditableLine> lines, IReadOnlyList<AskedCredit>? asked)
    {
        asked ??= [.. lines.Select(line => new AskedCredit(line.Position))];
        var byPosition = lines.ToDictionary(line => line.Position);
        var seen = new HashSet<int>();
        var credited = new List<CreditedLine>();
        for (var i = 0; i < asked.Count; i++)
        {
            if (!byPosition.TryGetValue(asked[i].Position, out var line))
                return InvoiceRefusals.NoSuchLine(i);
            if (!seen.Add(line.Position))
                return InvoiceRefusals.CreditedTwice(i);
            if (Fault(i, asked[i].Amount, line.Net.Currency) is { } fault)
                return fault;
            var net = asked[i].Amount ?? line.Most;
            if (line.Adjusted.Amount != 0 && Math.Abs(net.Amount) > Math.Abs(line.Most.Amount))
                return RatingRefusals.CreditExceedsLine(line.Most);
            if (CreditNoteTax.For((line.Net, line.Tax), (line.CreditedNet, line.CreditedTax), net).Refused(out var refusal, out var tax))
                return refusal;
            // What is used up already is left out of "all that is left"; tax that goes with no net at all goes with the line.
            if (asked[i].Amount is null && (!line.IsLeft || (line.Adjusted.Amount != 0 && net.Amount == 0)))
                continue;
            credited.Add(new CreditedLine(line, net, line.Net.Amount == 0 ? line.Tax - line.CreditedTax : tax));
        }

        return credited.Count > 0 ? credited : InvoiceRefusals.NothingToCredit;
    }

    private static Refusal? Fault(int index, Money? asked, Currency currency) => asked switch
    {
        { } other when other.Currency != currency => InvoiceRefusals.OtherCurrency(currency),
        { } amount when amount.Amount == 0 || amount.Round() != amount => InvoiceRefusals.NotACredit(
            index, "amount must not be 0, nor have more digits than the currency's minor unit."),
        _ => null,
    };

    /// <summary>
    /// One row per rate, as on the invoice: sums of the lines, nothing is rounded again. Why nothing was taxed is why nothing goes back.
    /// </summary>
    public static IReadOnlyList<InvoiceTax> Taxes(IEnumerable<CreditedLine> lines, IReadOnlyList<InvoiceTax> invoiced) =>
    [
        .. lines.Where(x => x.Line.TaxCategory is not null && x.Line.TaxPercent is not null)
            .GroupBy(x => (Category: x.Line.TaxCategory!, Percent: x.Line.TaxPercent!.Value))
            .OrderBy(x => x.Key.Category, StringComparer.Ordinal).ThenBy(x => x.Key.Percent)
            .Select(x => (invoiced.FirstOrDefault(tax => (tax.Category, tax.Percent) == x.Key)
                ?? new InvoiceTax(x.Key.Category, x.Key.Percent, 0, 0)) with { Net = x.Sum(y => y.Net.Amount), Tax = x.Sum(y => y.Tax.Amount) }),
    ];
}

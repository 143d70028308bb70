using System.Globalization;
using System.Xml;
using Licensing.Billing.Invoices;

namespace Licensing.Billing.Documents;

/// <summary>The words and the way of writing numbers and days in one language.</summary>
internal sealed record DocumentText(
    string Language, string Invoice, string CreditNote, string Draft, string Void, string Number, string IssuedOn, string DueOn, string Period,
    string CustomerNumber, string To, string TaxId, string Position, string Description, string Quantity, string Days, string Net, string TaxRate,
    string Tax, string NetSum, string Total, string Cap, string Discount, string Credit, string Addition, string TaxOf, string Untaxed,
    string OfInvoice, string Reason, string Pay, string PayReference, string Account, string Questions, string Of, string Flat, string Adjusts,
    string Due, string BilledBefore, string InYourFavour, string ReverseCharge, string IntraCommunity, string Export, string Exempt)
{
    // Long enough to follow a price, short enough to read.
    private const int ShownPlaces = 6;
    private const string Nearly = "≈ ";

    public static DocumentText English { get; } = new(
        "en", "Invoice", "Credit note", "Draft - not an invoice", "Void", "Number", "Date", "Due date", "Period", "Customer number", "Bill to",
        "VAT ID", "No.", "Description", "Quantity", "days", "Net", "VAT %", "VAT", "Total net", "Total", "Above the cap", "Discount",
        "Paid by credit", "Adjustment", "VAT on", "Outside the scope of VAT", "For invoice", "Reason", "Please pay by",
        "Payment reference", "Account", "Questions", "of", "flat", "Adjustment of", "due", "billed before", "In your favour",
        "reverse charge: VAT is owed by the recipient", "VAT-exempt intra-Community supply", "VAT-exempt export", "exempt from VAT");

    public static DocumentText German { get; } = new(
        "de", "Rechnung", "Gutschrift (Rechnungskorrektur)", "Entwurf - keine Rechnung", "Storniert", "Nummer", "Datum", "Fällig am",
        "Leistungszeitraum", "Kundennummer", "Rechnungsempfänger", "USt-IdNr.", "Pos.", "Beschreibung", "Menge", "Tagen", "Netto", "USt %", "USt",
        "Summe netto", "Gesamtbetrag", "Über dem Höchstbetrag", "Rabatt", "Durch Guthaben bezahlt", "Anpassung", "USt auf",
        "Nicht steuerbar", "Zu Rechnung", "Grund", "Bitte zahlen Sie bis", "Verwendungszweck", "Konto", "Fragen", "von", "pauschal",
        "Nachberechnung für", "zu berechnen", "bereits berechnet", "Zu Ihren Gunsten", "Steuerschuldnerschaft des Leistungsempfängers",
        "steuerfreie innergemeinschaftliche Lieferung", "steuerfreie Ausfuhr", "steuerfrei");

    /// <summary>Without what neither XML nor a page can hold, as control characters.</summary>
    public static string Clean(string text) => string.Concat(text.Where((c, i) => XmlConvert.IsXmlChar(c)
        || (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
        || (char.IsLowSurrogate(c) && i > 0 && char.IsHighSurrogate(text[i - 1]))));

    public static DocumentText For(string language) => language == "de" ? German : English;

    public string TitleOf(DocumentKind kind) => kind is DocumentKind.Invoice ? Invoice : CreditNote;

    public string Day(DateOnly day) => day.ToString(Language == "de" ? "dd.MM.yyyy" : "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>First and last day: on paper the end counts.</summary>
    public string DaysOf(Period period) => $"{Day(period.Start)} - {Day(period.End.AddDays(-1))}";

    public string Amount(Money money) => $"{Figure(money)} {money.Currency.Code}";

    /// <summary>With all digits of the minor unit, as the other forms have them.</summary>
    public string Figure(Money money) => Local(money.Amount.ToString($"N{money.Currency.MinorUnits}", CultureInfo.InvariantCulture));

    /// <summary>A quantity or price; one that does not end soon is cut, and says so.</summary>
    public string Plain(Exact value)
    {
        var shown = value.Round(ShownPlaces);
        return (shown == value ? "" : Nearly) + Local(Grouped(shown.ToString()));
    }

    private string Local(string text) => Language == "de" ? text.Replace(',', ' ').Replace('.', ',').Replace(' ', '.') : text;

    private static string Grouped(string digits)
    {
        var end = digits.IndexOf('.') is >= 0 and var point ? point : digits.Length;
        for (var i = end - 3; i > (digits[0] == '-' ? 1 : 0); i -= 3)
            digits = digits.Insert(i, ",");
        return digits;
    }

    public string Percent(decimal percent) => Plain(percent);

    /// <summary>What comes before the amount that is taxed.</summary>
    public string RateOf(InvoiceTax tax) => $"{Percent(tax.Percent)} % {TaxOf}";

    /// <summary>Why nothing is taxed, which a document has to say; of other categories than the standard one its name.</summary>
    public string WhyOf(InvoiceTax tax)
    {
        var why = (tax.Category, tax.Percent) switch
        {
            ("S", _) => "",
            ("AE", 0) => ReverseCharge,
            ("K", 0) => IntraCommunity,
            ("G", 0) => Export,
            ("E", 0) => Exempt,
            var (category, _) => category,
        };
        var said = tax.Reason ?? tax.ReasonCode;
        return (why, said) switch
        {
            ("", null) => "",
            (_, null) => $" ({why})",
            ("", _) => $" ({said})",
            _ => $" ({why}: {said})",
        };
    }

    /// <summary>How a part of a line was reached: <c>10 × 2.5 + 3 (flat) = 28</c>.</summary>
    public string Step(LineStep step)
    {
        var (fee, price) = (Exact.Parse(step.FlatFee), Exact.Parse(step.UnitPrice));
        var parts = new List<string>(2);
        if (price.Sign != 0 || fee.Sign == 0)
            parts.Add($"{Plain(Exact.Parse(step.Quantity))} × {Plain(price)}");
        if (fee.Sign != 0)
            parts.Add($"{Plain(fee)} ({Flat})");
        var amount = Plain(Exact.Parse(step.Amount));
        return $"{string.Join(" + ", parts)} {(amount.StartsWith(Nearly, StringComparison.Ordinal) ? "" : "= ")}{amount}";
    }

    /// <summary>How a line was reached, with the days where they are not the whole period.</summary>
    public IEnumerable<string> Steps(DocumentLine line)
    {
        foreach (var step in line.Steps)
            yield return line.Days.Days >= line.PeriodDays ? Step(step) : $"{Step(step)} ({line.Days.Days} {Of} {line.PeriodDays} {Days})";
        if (line.Adjustment is { } adjustment)
            yield return $"{Adjusts} {DaysOf(adjustment.Month)}: {Due} {Amount(adjustment.Due)}, {BilledBefore} {Amount(adjustment.Before)}";
        foreach (var (name, reduction) in new[] { (Cap, line.CapReduction), (Discount, line.Discount), (Credit, line.Credit) })
            if (reduction.Amount != 0)
                yield return $"{(reduction.Amount > 0 ? name : Addition)}: {Amount(-reduction)}";
    }
}

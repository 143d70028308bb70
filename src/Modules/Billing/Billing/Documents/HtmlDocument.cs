using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Licensing.Billing.Invoices;

namespace Licensing.Billing.Documents;

/// <summary>
/// A page to print or to send: one file, to which the seller's logo alone comes from outside. Every text is encoded, so that a name is never
/// markup; the page is well-formed XML, too.
/// </summary>
internal sealed partial class HtmlDocument(BillingDocument document)
{
    public const string ContentType = "text/html; charset=utf-8";

    private const int LinesPerFlush = 200;
    private const string PlainColor = "#1f3a5f";

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly DocumentText _text = DocumentText.For(document.Said.Language);
    private readonly StringBuilder _page = new();

    /// <summary>Nothing but the logo is loaded and nothing runs, whatever a name may try.</summary>
    public static string PolicyOf(DocumentLook look) => "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        + (LogoOf(look) is { } logo ? $"; img-src https://{logo.IdnHost}{(logo.IsDefaultPort ? "" : $":{logo.Port}")}" : "");

    private static Uri? LogoOf(DocumentLook look) =>
        Uri.TryCreate(look.LogoUrl, UriKind.Absolute, out var logo) && logo.Scheme == Uri.UriSchemeHttps ? logo : null;

    public async Task WriteAsync(Stream to, IAsyncEnumerable<DocumentLine> lines, CancellationToken ct)
    {
        await using var writer = new StreamWriter(to, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        Head();
        Parties();
        BeginLines();
        var written = 0;
        await foreach (var line in lines.WithCancellation(ct))
        {
            Line(line);
            if (++written % LinesPerFlush == 0)
                await FlushAsync(writer, ct);
        }

        _page.AppendLine("</tbody></table>");
        Totals();
        Terms();
        _page.AppendLine("</main></body></html>");
        await FlushAsync(writer, ct);
    }

    private async Task FlushAsync(StreamWriter writer, CancellationToken ct)
    {
        await writer.WriteAsync(_page, ct);
        await writer.FlushAsync(ct);
        _page.Clear();
    }

    private void Head()
    {
        var title = $"{_text.TitleOf(document.Kind)} {document.Number}".TrimEnd();
        // Colours go into the style sheet, where encoding helps nothing: only what is a colour does.
        var color = document.Said.Look.PrimaryColor is { } own && Color().IsMatch(own) ? own : PlainColor;
        _page.AppendLine($$"""
            <!DOCTYPE html>
            <html lang="{{_text.Language}}"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
            <title>{{E(title)}}</title>
            <style>
            :root { --brand: {{color}}; }
            * { box-sizing: border-box; }
            body { margin: 0; background: #f2f3f5; color: #1c1e21; font: 14px/1.45 "Helvetica Neue", Arial, sans-serif; }
            main { max-width: 210mm; margin: 8mm auto; padding: 16mm 18mm; background: #fff; }
            header { display: flex; justify-content: space-between; border-bottom: 3px solid var(--brand); padding-bottom: 5mm; }
            .brand { font-size: 22px; font-weight: 700; color: var(--brand); }
            .logo { display: block; max-width: 70mm; max-height: 24mm; }
            .seller, .small { font-size: 12px; color: #555; text-align: right; }
            h1 { font-size: 24px; margin: 10mm 0 4mm; }
            .state { display: inline-block; border: 2px solid #b00020; color: #b00020; padding: 1mm 3mm; font-weight: 700; }
            .parties { display: flex; justify-content: space-between; align-items: flex-start; gap: 10mm; margin-top: 8mm; }
            .label { font-size: 11px; color: #666; text-transform: uppercase; letter-spacing: .04em; }
            table { width: 100%; border-collapse: collapse; }
            table.meta { width: auto; } table.meta td { padding: .5mm 0 .5mm 6mm; } table.meta td:last-child { text-align: right; }
            table.lines { margin-top: 6mm; } table.lines th { text-align: left; font-size: 12px; color: var(--brand); }
            table.lines th, table.lines td { padding: 2mm 1.5mm; border-bottom: 1px solid #d8dade; vertical-align: top; }
            table.lines .n, table.totals .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
            .how { font-size: 11px; color: #666; }
            table.totals { width: 60%; margin: 6mm 0 0 auto; } table.totals td { padding: 1mm 1.5mm; }
            table.totals tr.total td { border-top: 2px solid var(--brand); font-weight: 700; font-size: 16px; }
            .terms { margin-top: 8mm; padding: 4mm 5mm; border-left: 3px solid var(--brand); background: #f7f8fa; }
            footer { margin-top: 10mm; font-size: 11px; color: #666; border-top: 1px solid #d8dade; padding-top: 3mm; }
            @page { size: A4; margin: 14mm; }
            @media print { body { background: #fff; } main { margin: 0; padding: 0; max-width: none; }
              table.lines thead { display: table-header-group; } table.lines tr, .terms, table.totals { break-inside: avoid; } }
            </style></head><body><main>
            """);
    }

    private void Parties()
    {
        var said = document.Said;
        var brand = E(said.Look.Name ?? said.Seller.Name);
        _page.Append("<header><div class=\"brand\">");
        if (LogoOf(said.Look) is { } logo)
            _page.Append("<img class=\"logo\" src=\"").Append(E(logo.AbsoluteUri)).Append("\" alt=\"").Append(brand)
                .Append("\" referrerpolicy=\"no-referrer\" />");
        else
            _page.Append(brand);
        _page.Append("</div><div class=\"seller\">");
        Party(said.Seller);
        _page.AppendLine("</div></header>");
        _page.Append("<div class=\"parties\"><div class=\"buyer\"><div class=\"label\">").Append(E(_text.To)).Append("</div>");
        Party(said.Buyer);
        _page.AppendLine("</div><table class=\"meta\"><tbody>");
        Meta("number", _text.Number, document.Number);
        Meta("issued", _text.IssuedOn, _text.Day(said.IssuedOn));
        if (document.Kind is DocumentKind.Invoice)
            Meta("due", _text.DueOn, _text.Day(said.DueOn));
        Meta("period", _text.Period, _text.DaysOf(document.Period));
        Meta("customer", _text.CustomerNumber, said.Buyer.ExternalId);
        if (document.Preceding is { } preceding)
            Meta("preceding", _text.OfInvoice, $"{preceding.Number} ({_text.Day(preceding.IssuedOn)})");
        Meta("reason", _text.Reason, document.Reason);
        _page.AppendLine("</tbody></table></div>");
        _page.Append("<h1>").Append(E($"{_text.TitleOf(document.Kind)} {document.Number}".TrimEnd())).AppendLine("</h1>");
        if (document.Number is null || document.Void)
            _page.Append("<p class=\"state\">").Append(E(document.Void ? _text.Void : _text.Draft)).AppendLine("</p>");
    }

    private void Party(DocumentParty party)
    {
        var place = $"{party.PostalCode} {party.City}".Trim();
        string?[] rows =
        [
            party.Name, .. party.AddressLines, place, party.Region, party.Country, party.TaxId is { } id ? $"{_text.TaxId} {id}" : null, party.Email,
        ];
        foreach (var row in rows.Where(row => !string.IsNullOrWhiteSpace(row)))
            _page.Append("<div>").Append(E(row!)).Append("</div>");
    }

    private void Meta(string name, string label, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            _page.Append("<tr><td class=\"label\">").Append(E(label)).Append("</td><td class=\"").Append(name).Append("\">").Append(E(value))
                .AppendLine("</td></tr>");
    }

    private void BeginLines() => _page.AppendLine(
        $"""
        <table class="lines"><thead><tr><th>{E(_text.Position)}</th><th>{E(_text.Description)}</th><th class="n">{E(_text.Quantity)}</th>
        <th class="n">{E(_text.TaxRate)}</th><th class="n">{E(_text.Net)} {document.Currency.Code}</th></tr></thead><tbody>
        """);

    private void Line(DocumentLine line)
    {
        _page.Append("<tr><td>").Append(line.Position).Append("</td><td><div>").Append(E(line.Description)).Append("</div><div class=\"how\">")
            .Append(E(line.Sku is { } sku ? $"{sku}, {_text.DaysOf(line.Days)}" : _text.DaysOf(line.Days))).Append("</div>");
        foreach (var step in _text.Steps(line))
            _page.Append("<div class=\"how\">").Append(E(step)).Append("</div>");
        _page.Append("</td><td class=\"n\">").Append(E(_text.Plain(line.Quantity)))
            .Append("</td><td class=\"n\">").Append(E(line.TaxPercent is { } percent ? _text.Percent(percent) : "-"))
            .Append("</td><td class=\"n net\">").Append(E(_text.Figure(line.Net))).AppendLine("</td></tr>");
    }

    private void Totals()
    {
        _page.AppendLine("<table class=\"totals\"><tbody>");
        Sum("sum-net", _text.NetSum, document.Net);
        foreach (var tax in document.Taxes)
            Sum("sum-rate", $"{_text.RateOf(tax)} {_text.Figure(new Money(tax.Net, document.Currency))}{_text.WhyOf(tax)}",
                new Money(tax.Tax, document.Currency));
        if (document.HasUntaxed)
            Sum("sum-untaxed", $"{_text.Untaxed}: {_text.Figure(document.Untaxed)}", Money.Zero(document.Currency));
        Sum("sum-tax", _text.Tax, document.Tax);
        Sum("sum-total total", _text.Total, document.Total);
        _page.AppendLine("</tbody></table>");
    }

    private void Sum(string name, string label, Money amount) => _page.Append("<tr class=\"").Append(name).Append("\"><td>").Append(E(label))
        .Append("</td><td class=\"n\">").Append(E(_text.Amount(amount))).AppendLine("</td></tr>");

    private void Terms()
    {
        var said = document.Said;
        if (document is { Kind: DocumentKind.Invoice, Number: { } number, Void: false } && document.Total.Amount > 0)
        {
            _page.Append("<div class=\"terms\"><div>").Append(E($"{_text.Pay} {_text.Day(said.DueOn)}: {_text.Amount(document.Total)}"))
                .Append("</div><div class=\"reference\">").Append(E($"{_text.PayReference}: {number}")).Append("</div>");
            if (said.Iban is { } iban)
                _page.Append("<div>").Append(E($"{_text.Account}: {iban}{(said.Bic is { } bic ? $" ({bic})" : "")}")).Append("</div>");
            _page.AppendLine("</div>");
        }

        if (document is { Kind: DocumentKind.Invoice, Number: not null, Void: false } && document.Total.Amount < 0)
            _page.Append("<div class=\"terms\"><div>").Append(E($"{_text.InYourFavour}: {_text.Amount(-document.Total)}")).AppendLine("</div></div>");

        string?[] contacts = [said.Look.SupportEmail, said.Look.SupportUrl];
        var questions = string.Join(", ", contacts.Where(x => !string.IsNullOrEmpty(x)));
        _page.Append("<footer>").Append(E(said.Seller.Name));
        if (questions.Length > 0)
            _page.Append(E($" - {_text.Questions}: {questions}"));
        _page.AppendLine("</footer>");
    }

    private static string E(string text) => Encoder.Encode(DocumentText.Clean(text));

    [GeneratedRegex(@"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\z")]
    private static partial Regex Color();
}

using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;

namespace Licensing.Commissions.Statements;

/// <summary>
/// A statement as one page, to which the logo alone comes from outside. Every text is encoded, so that a name is never markup; the page is
/// well-formed XML, too.
/// </summary>
internal sealed partial class StatementPage(PrintedStatement printed)
{
    public const string ContentType = "text/html; charset=utf-8";

    private const int LinesPerFlush = 200;
    private const string PlainColor = "#1f3a5f";

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _page = new();

    private StatementView Statement => printed.Statement;

    /// <summary>Nothing but the logo is loaded and nothing runs, whatever a name may try.</summary>
    public static string PolicyOf(BrandingSettings look) => "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        + (LogoOf(look) is { } logo ? $"; img-src https://{logo.IdnHost}{(logo.IsDefaultPort ? "" : $":{logo.Port}")}" : "");

    public async Task WriteAsync(Stream to, CancellationToken ct)
    {
        await using var writer = new StreamWriter(to, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        Head();
        Sums();
        Scheme();
        _page.AppendLine(
            "<h2>Documents</h2><table><thead><tr><th>Month</th><th>Document</th><th class=\"n\">Invoiced</th><th class=\"n\">Rate</th>"
            + "<th class=\"n\">Net</th><th class=\"n\">Commission</th></tr></thead><tbody>");
        var written = 0;
        await foreach (var line in printed.Lines.WithCancellation(ct))
        {
            Row(line.Month, line.Reverses ? $"{line.Number} (void)" : line.Number, $"{line.Invoiced}",
                line.Invoiced.Currency == line.Net.Currency ? "" : $"{line.Rate}", $"{line.Net}", $"{line.Commission}");
            if (++written % LinesPerFlush == 0)
                await FlushAsync(writer, ct);
        }

        _page.AppendLine("</tbody></table></main></body></html>");
        await FlushAsync(writer, ct);
    }

    private static Uri? LogoOf(BrandingSettings look) =>
        Uri.TryCreate(look.LogoUrl, UriKind.Absolute, out var logo) && logo.Scheme == Uri.UriSchemeHttps ? logo : null;

    private async Task FlushAsync(StreamWriter writer, CancellationToken ct)
    {
        await writer.WriteAsync(_page, ct);
        await writer.FlushAsync(ct);
        _page.Clear();
    }

    private void Head()
    {
        // Colours go into the style sheet, where encoding helps nothing: only what is a colour does.
        var color = printed.Look.PrimaryColor is { } own && Color().IsMatch(own) ? own : PlainColor;
        var brand = E(printed.Look.Name ?? printed.Payer?.Name ?? "");
        var title = E($"Commission statement {Statement.Period.Start:yyyy-MM}");
        _page.AppendLine($$"""
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
            <title>{{title}}</title>
            <style>
            body { margin: 0; background: #f2f3f5; color: #1c1e21; font: 14px/1.45 "Helvetica Neue", Arial, sans-serif; }
            main { max-width: 210mm; margin: 8mm auto; padding: 16mm 18mm; background: #fff; }
            header { display: flex; justify-content: space-between; border-bottom: 3px solid {{color}}; padding-bottom: 5mm; }
            .brand { font-size: 22px; font-weight: 700; color: {{color}}; } .logo { max-width: 70mm; max-height: 24mm; }
            .party { font-size: 12px; color: #555; } h1 { font-size: 24px; } h2 { font-size: 15px; color: {{color}}; margin-top: 8mm; }
            table { width: 100%; border-collapse: collapse; } th { text-align: left; font-size: 12px; color: {{color}}; }
            th, td { padding: 1.5mm; border-bottom: 1px solid #d8dade; vertical-align: top; }
            .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
            tr.total td { border-top: 2px solid {{color}}; font-weight: 700; }
            @page { size: A4; margin: 14mm; }
            @media print { body { background: #fff; } main { margin: 0; padding: 0; max-width: none; } thead { display: table-header-group; }
              tr { break-inside: avoid; } }
            </style></head><body><main>
            """);
        _page.Append("<header><div class=\"brand\">").Append(LogoOf(printed.Look) is { } logo
            ? $"<img class=\"logo\" src=\"{E(logo.AbsoluteUri)}\" alt=\"{brand}\" referrerpolicy=\"no-referrer\" />"
            : brand).Append("</div>");
        Party(printed.Payer);
        _page.AppendLine("</header>");
        Party(printed.Payee);
        _page.Append("<h1>").Append(title).Append("</h1><p>").Append(E($"{Statement.Name} ({Statement.ExternalId})")).AppendLine("</p>");
    }

    private void Party(LegalDetails? party)
    {
        _page.Append("<div class=\"party\">");
        string?[] rows = party is null
            ? []
            : [party.Name, .. party.AddressLines, $"{party.PostalCode} {party.City}".Trim(), party.Region, party.Country, party.TaxId];
        foreach (var row in rows.Where(row => !string.IsNullOrWhiteSpace(row)))
            _page.Append("<div>").Append(E(row!)).Append("</div>");
        _page.AppendLine("</div>");
    }

    private void Sums()
    {
        _page.AppendLine("<table><tbody>");
        Sum("Basis: net of issued invoices less credit notes", Statement.Basis);
        Sum("Commission by the scheme", Statement.Gross);
        if (Statement.Overridden.Amount != 0m)
            Sum("Commissions of partners, taken off", -Statement.Overridden);
        Sum("Commission of the month", Statement.Commission);
        foreach (var adjustment in Statement.Adjustments)
            Sum($"Adjustment of {adjustment.Month}", adjustment.Commission);
        if (Statement.CarriedIn.Amount != 0m)
            Sum("Carried from the statement before", Statement.CarriedIn);
        var end = Statement.DueOn is { } day ? $"Paid out from {day:yyyy-MM-dd} on" : "Carried to the next statement";
        Sum(end, Statement.Payable, " class=\"total\"");
        _page.AppendLine("</tbody></table>");
    }

    private void Scheme()
    {
        var scheme = Statement.Scheme;
        _page.AppendLine("<h2>How the commission was reached</h2><table><thead><tr><th>From</th><th>To</th><th class=\"n\">Percent</th>"
            + "<th class=\"n\">Basis</th><th class=\"n\">Amount, unrounded</th></tr></thead><tbody>");
        var tiers = Statement.Rated.Aggregate(Statement.Basis, (left, x) => left - x.Basis);
        foreach (var step in new CommissionTiers(scheme.Tiers, scheme.Mode).On(tiers).Steps)
            Row($"{step.Tier.From}", step.Tier.To is { } to ? $"{to}" : "", $"{step.Tier.Percent} %", $"{step.Basis}", $"{step.Amount}");
        foreach (var rated in Statement.Rated)
            Row(rated.Plan is { } plan ? $"Plan {plan}" : $"Product {rated.Product}", "", $"{rated.Percent} %", $"{rated.Basis}", $"{rated.Amount}");
        _page.Append("</tbody></table><p class=\"party\">").Append(E(
            $"{(scheme.Mode is CommissionMode.Volume ? "All at the percentage of its tier" : "Each part at the percentage of its own tier")}"
            + $"{(scheme.Basis is CommissionBasis.Override ? "; commissions of partners are taken off" : "")}")).AppendLine("</p>");
    }

    private void Sum(string label, Money amount, string kind = "") => _page.Append("<tr").Append(kind).Append("><td>").Append(E(label))
        .Append("</td><td class=\"n\">").Append(E($"{amount}")).AppendLine("</td></tr>");

    private void Row(string first, string second, params string[] numbers)
    {
        _page.Append("<tr><td>").Append(E(first)).Append("</td><td>").Append(E(second)).Append("</td>");
        foreach (var number in numbers)
            _page.Append("<td class=\"n\">").Append(E(number)).Append("</td>");
        _page.AppendLine("</tr>");
    }

    private static string E(string text) => Encoder.Encode(text);

    [GeneratedRegex("^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$")]
    private static partial Regex Color();
}

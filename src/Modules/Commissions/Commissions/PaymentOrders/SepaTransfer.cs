using System.Globalization;
using System.Text;
using System.Xml;

namespace Licensing.Commissions.PaymentOrders;

/// <summary>
/// A SEPA credit transfer initiation, pain.001.001.09 of ISO 20022 as the European Payments Council narrows it: one payment block, costs shared,
/// IBANs, and the Latin letters that every bank takes. The same order gives the same bytes.
/// </summary>
internal static class SepaTransfer
{
    private const string Schema = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";
    // Without the tables of cultures, which the host goes without, .NET takes no letter apart.
    private static readonly Dictionary<char, string> Unmarked = new (string Letters, string Plain)[]
    {
        ("ÀÁÂÃÄÅĀĂĄ", "A"), ("àáâãäåāăą", "a"), ("Æ", "AE"), ("æ", "ae"), ("ÇĆĈĊČ", "C"), ("çćĉċč", "c"), ("ĎĐÐ", "D"), ("ďđð", "d"),
        ("ÈÉÊËĒĔĖĘĚ", "E"), ("èéêëēĕėęě", "e"), ("ĜĞĠĢ", "G"), ("ĝğġģ", "g"), ("ĤĦ", "H"), ("ĥħ", "h"), ("ÌÍÎÏĨĪĬĮİ", "I"), ("ìíîïĩīĭįı", "i"),
        ("Ĵ", "J"), ("ĵ", "j"), ("Ķ", "K"), ("ķ", "k"), ("ĹĻĽŁ", "L"), ("ĺļľł", "l"), ("ÑŃŅŇ", "N"), ("ñńņň", "n"), ("ÒÓÔÕÖØŌŎŐ", "O"),
        ("òóôõöøōŏő", "o"), ("Œ", "OE"), ("œ", "oe"), ("ŔŖŘ", "R"), ("ŕŗř", "r"), ("ŚŜŞŠȘ", "S"), ("śŝşšș", "s"), ("ß", "ss"), ("ŢŤŦȚ", "T"),
        ("ţťŧț", "t"), ("Þ", "TH"), ("þ", "th"), ("ÙÚÛÜŨŪŬŮŰŲ", "U"), ("ùúûüũūŭůűų", "u"), ("Ŵ", "W"), ("ŵ", "w"), ("ÝŶŸ", "Y"), ("ýŷÿ", "y"),
        ("ŹŻŽ", "Z"), ("źżž", "z"), ("&", "+"),
    }.SelectMany(x => x.Letters.Select(c => (c, x.Plain))).ToDictionary(x => x.c, x => x.Plain);

    private const int LongestName = 70;
    private const int LongestRemittance = 140;

    public static byte[] Of(PaymentOrder order, IReadOnlyList<PaymentOrderLine> lines)
    {
        using var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" }))
        {
            xml.WriteStartElement("Document", Schema);
            xml.WriteStartElement("CstmrCdtTrfInitn", Schema);
            Header(xml, order);
            xml.WriteStartElement("PmtInf", Schema);
            Payer(xml, order);
            foreach (var line in lines)
                Payment(xml, order, line);
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }

    private static void Header(XmlWriter xml, PaymentOrder order)
    {
        xml.WriteStartElement("GrpHdr", Schema);
        Text(xml, "MsgId", order.Id.Value.ToString("N"));
        Text(xml, "CreDtTm", order.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        Sums(xml, order);
        Within(xml, "InitgPty", () => Text(xml, "Nm", Latin(order.Holder, LongestName)));
        xml.WriteEndElement();
    }

    private static void Payer(XmlWriter xml, PaymentOrder order)
    {
        Text(xml, "PmtInfId", order.Id.Value.ToString("N"));
        Text(xml, "PmtMtd", "TRF");
        Sums(xml, order);
        Within(xml, "PmtTpInf", () => Within(xml, "SvcLvl", () => Text(xml, "Cd", "SEPA")));
        Within(xml, "ReqdExctnDt", () => Text(xml, "Dt", order.ExecutesOn.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        Within(xml, "Dbtr", () => Text(xml, "Nm", Latin(order.Holder, LongestName)));
        Account(xml, "DbtrAcct", order.Iban);
        Within(xml, "DbtrAgt", () => Within(xml, "FinInstnId", () =>
        {
            if (order.Bic is { } bic)
                Text(xml, "BICFI", bic);
            else
                Within(xml, "Othr", () => Text(xml, "Id", "NOTPROVIDED"));
        }));
        Text(xml, "ChrgBr", "SLEV");
    }

    private static void Payment(XmlWriter xml, PaymentOrder order, PaymentOrderLine line) => Within(xml, "CdtTrfTxInf", () =>
    {
        // Another one in each order: what comes back from the bank names the line, and a former try is never taken for a newer.
        Within(xml, "PmtId", () => Text(xml, "EndToEndId", string.Create(
            CultureInfo.InvariantCulture, $"{Convert.ToHexString(order.Id.Value.ToByteArray(bigEndian: true)[^10..])}-{line.Position}")));
        Within(xml, "Amt", () =>
        {
            xml.WriteStartElement("InstdAmt", Schema);
            xml.WriteAttributeString("Ccy", order.Currency.Code);
            xml.WriteString(Amount(line.Amount));
            xml.WriteEndElement();
        });
        if (line.Bic is { } bic)
            Within(xml, "CdtrAgt", () => Within(xml, "FinInstnId", () => Text(xml, "BICFI", bic)));
        Within(xml, "Cdtr", () => Text(xml, "Nm", Latin(line.Holder, LongestName)));
        Account(xml, "CdtrAcct", line.Iban);
        Within(xml, "RmtInf", () => Text(xml, "Ustrd", Latin(line.Remittance, LongestRemittance)));
    });

    private static void Sums(XmlWriter xml, PaymentOrder order)
    {
        Text(xml, "NbOfTxs", order.Payouts.ToString(CultureInfo.InvariantCulture));
        Text(xml, "CtrlSum", Amount(order.Total));
    }

    private static void Account(XmlWriter xml, string element, string iban) =>
        Within(xml, element, () => Within(xml, "Id", () => Text(xml, "IBAN", iban)));

    private static void Within(XmlWriter xml, string element, Action content)
    {
        xml.WriteStartElement(element, Schema);
        content();
        xml.WriteEndElement();
    }

    private static void Text(XmlWriter xml, string element, string text) => xml.WriteElementString(element, Schema, text);

    private static string Amount(decimal amount) => amount.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>Letters without their marks, and a full stop for what is no Latin letter and no sign that banks know.</summary>
    private static string Latin(string text, int longest)
    {
        var plain = new StringBuilder();
        foreach (var c in text)
            plain.Append(char.IsAsciiLetterOrDigit(c) || "/-?:().,'+ ".Contains(c, StringComparison.Ordinal)
                ? $"{c}"
                : Unmarked.GetValueOrDefault(c, "."));
        return plain.Length > longest ? plain.ToString(0, longest) : plain.ToString();
    }
}

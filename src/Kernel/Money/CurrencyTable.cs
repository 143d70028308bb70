using System.Collections.Frozen;

namespace Licensing.Kernel;

/// <summary>
/// The active codes of ISO 4217 (funds codes included) by the digits of their minor unit. Codes for which the standard
/// gives no minor unit (metals, bond units, XDR, XSU, XUA, XTS, XXX) are left out: nothing can be rounded to them.
/// </summary>
internal static class CurrencyTable
{
    private const string WithoutMinorUnit = """
        BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
        """;

    private const string Hundredths = """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
        COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
        INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
        MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
        STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
        """;

    private const string Thousandths = """
        BHD IQD JOD KWD LYD OMR TND
        """;

    private const string TenThousandths = """
        CLF UYW
        """;

    public static readonly FrozenDictionary<string, Currency> ByCode =
        Of(WithoutMinorUnit, 0).Concat(Of(Hundredths, 2)).Concat(Of(Thousandths, 3)).Concat(Of(TenThousandths, 4))
            .ToFrozenDictionary(currency => currency.Code, StringComparer.Ordinal);

    private static IEnumerable<Currency> Of(string codes, int minorUnits) => codes
        .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Select(code => new Currency(code, minorUnits));
}

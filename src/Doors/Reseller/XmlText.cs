using System.Xml;

namespace Licensing.Doors.Reseller;

internal static class XmlText
{
    /// <summary>
    /// The text with a mark for each character that XML 1.0 cannot say, however it is escaped. This door takes none of them, but another may have.
    /// </summary>
    public static string Storable(string text)
    {
        for (var i = 0; i < text.Length; i++)
            if (XmlConvert.IsXmlChar(text[i]))
                continue;
            else if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
                i++;
            else
                text = string.Concat(text.AsSpan(0, i), "\uFFFD", text.AsSpan(i + 1));
        return text;
    }
}

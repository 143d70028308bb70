using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace Licensing.Provisioning;

/// <summary>What the doors that read their bodies by hand ask of every text in them.</summary>
internal static class BodyText
{
    private const int LongestEcho = 100;

    extension(HttpRequest request)
    {
        /// <summary>Whether the body is what it looks like: unpacked by now, and UTF-8 as far as its type says anything of that.</summary>
        public bool IsUtf8 => request.Headers.ContentEncoding.Count == 0
            && (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.Charset.HasValue
                || HeaderUtilities.RemoveQuotes(type.Charset).Value?.ToLowerInvariant() is "utf-8" or "us-ascii");
    }

    extension(JsonElement value)
    {
        /// <summary>The text that it is; null of anything else, and of half a surrogate pair that is written as an escape or no UTF-8.</summary>
        public string? AsText
        {
            get
            {
                try
                {
                    return value.ValueKind is JsonValueKind.String ? value.GetString() : null;
                }
                catch (InvalidOperationException)
                {
                    return null;
                }
            }
        }
    }

    extension(string text)
    {
        /// <summary>Whether it keeps to its line wherever it is shown, and turns nothing around that follows it.</summary>
        public bool IsOneLine =>
            !text.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));

        /// <summary>As much of a name that a caller made up as an answer repeats.</summary>
        public string Shortened => text.Length > LongestEcho ? $"{text[..LongestEcho]}…" : text;
    }
}

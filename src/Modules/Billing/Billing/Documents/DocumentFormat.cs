namespace Licensing.Billing.Documents;

internal enum DocumentFormat { Json, Csv, Html, Ubl }

internal static class DocumentFormats
{
    public const string UblContentType = "application/vnd.oasis.ubl+xml";

    private static readonly Dictionary<string, DocumentFormat> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/json"] = DocumentFormat.Json,
        ["*/*"] = DocumentFormat.Json,
        ["text/csv"] = DocumentFormat.Csv,
        ["text/html"] = DocumentFormat.Html,
        ["application/xml"] = DocumentFormat.Ubl,
        ["text/xml"] = DocumentFormat.Ubl,
        [UblContentType] = DocumentFormat.Ubl,
    };

    extension(HttpRequest request)
    {
        /// <summary>What the caller likes best of what there is; JSON where he names nothing of it, as on every other endpoint.</summary>
        public DocumentFormat DocumentFormat => (request.GetTypedHeaders().Accept ?? [])
            .Where(accepted => accepted.Quality is null or > 0 && Known.ContainsKey(accepted.MediaType.Value ?? ""))
            .OrderByDescending(accepted => accepted.Quality ?? 1)
            .Select(accepted => Known[accepted.MediaType.Value!])
            .FirstOrDefault(DocumentFormat.Json);
    }
}

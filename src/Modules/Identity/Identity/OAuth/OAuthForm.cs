using System.Text;

namespace Licensing.Identity.OAuth;

/// <summary>The parameters of an OAuth request. What is empty counts as left out, and what is not known is not looked at (RFC 6749 §3.2).</summary>
internal sealed class OAuthForm
{
    public const string ContentType = "application/x-www-form-urlencoded";
    public const long MostBytes = 64 * 1024;

    private readonly Dictionary<string, string> _values;

    private OAuthForm(Dictionary<string, string> values, ClientCredentials? client) => (_values, Client) = (values, client);

    /// <summary>What the client shows of itself; null when it shows nothing.</summary>
    public ClientCredentials? Client { get; }

    public string? this[string name] => _values.GetValueOrDefault(name);

    public static async Task<Result<OAuthForm>> ReadAsync(HttpContext context, CancellationToken ct)
    {
        if (!context.Request.HasFormContentType)
            return OAuthRefusals.InvalidRequest($"The body must be {ContentType}.");
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, given) in await context.Request.ReadFormAsync(ct))
        {
            if (given.Count > 1)
                return OAuthRefusals.InvalidRequest("A parameter is there more than once.");
            if (given.ToString() is not { Length: > 0 } value)
                continue;
            if (value.Contains('\0'))
                return OAuthRefusals.InvalidRequest("A parameter holds the character U+0000.");
            values[name] = value;
        }

        return ClientOf(context, values).Refused(out var refusal, out var client) ? refusal : new OAuthForm(values, client.Shown);
    }

    private static Result<Showing> ClientOf(HttpContext context, Dictionary<string, string> values)
    {
        var (id, secret) = (values.GetValueOrDefault("client_id"), values.GetValueOrDefault("client_secret"));
        var (type, assertion) = (values.GetValueOrDefault("client_assertion_type"), values.GetValueOrDefault("client_assertion"));
        var header = context.Request.Headers.Authorization;
        if ((header.Count > 0 ? 1 : 0) + (secret is null ? 0 : 1) + (assertion is null ? 0 : 1) > 1)
            return OAuthRefusals.InvalidRequest("A client proves itself in one way at a time.");
        if (assertion is not null || type is not null)
            return type == ClientCredentials.AssertionType && assertion is not null
                ? new Showing(new ClientCredentials(id, null, assertion))
                : OAuthRefusals.InvalidRequest($"client_assertion_type must be {ClientCredentials.AssertionType}, with a client_assertion.");
        if (secret is not null)
            return id is null ? OAuthRefusals.InvalidRequest("client_id is missing.") : new Showing(new ClientCredentials(id, secret, null));
        if (header.Count == 0)
            return new Showing(null);
        return BasicOf(header) is not { } basic ? OAuthRefusals.InvalidClient
            : id is not null && id != basic.Id ? OAuthRefusals.InvalidRequest("client_id names another client than the Authorization header.")
            : new Showing(basic);
    }

    // Both halves are form-encoded before they are put together (RFC 6749 §2.3.1).
    private static ClientCredentials? BasicOf(Microsoft.Extensions.Primitives.StringValues header)
    {
        const string scheme = "Basic ";
        if (header is not [{ Length: < 2048 } value] || !value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return null;
        var bytes = new byte[value.Length];
        return Convert.TryFromBase64String(value[scheme.Length..].Trim(), bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [var id, var secret]
            ? new ClientCredentials(System.Net.WebUtility.UrlDecode(id), System.Net.WebUtility.UrlDecode(secret), null)
            : null;
    }

    private sealed record Showing(ClientCredentials? Shown);
}

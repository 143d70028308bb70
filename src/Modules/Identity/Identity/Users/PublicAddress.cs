using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Users;

/// <summary>Where links in mails lead: <c>Platform:PublicUrl</c>.</summary>
internal sealed class PublicAddress
{
    private readonly string _base;

    public PublicAddress(IConfiguration configuration)
    {
        _base = configuration["Platform:PublicUrl"] ?? "http://localhost:5000";
        // Only the operator's setting is used, never the Host header of a request, which a stranger writes.
        if (!Uri.TryCreate(_base, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new InvalidOperationException($"Platform:PublicUrl must be an absolute http or https address, not '{_base}'.");
    }

    /// <summary>In the fragment, which browsers send to no server and no proxy's log.</summary>
    public string Link(string page, string token) => $"{_base.TrimEnd('/')}/{page}#token={token}";
}

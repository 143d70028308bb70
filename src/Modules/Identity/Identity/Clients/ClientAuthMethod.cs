namespace Licensing.Identity.Clients;

/// <summary>How a client proves who it is at the token endpoint.</summary>
internal enum ClientAuthMethod
{
    /// <summary>A secret, in the Authorization header or in the form.</summary>
    ClientSecret,
    /// <summary>A JWT signed with its own key (RFC 7523); we know only the public half.</summary>
    PrivateKeyJwt,
}

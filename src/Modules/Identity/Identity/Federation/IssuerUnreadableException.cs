namespace Licensing.Identity.Federation;

/// <summary>The issuer does not answer, or not as the issuer that is configured.</summary>
internal sealed class IssuerUnreadableException(string message, Exception? cause = null) : Exception(message, cause);

namespace Licensing.Identity.Sessions;

internal enum SigningKeyState
{
    /// <summary>Published, so that everyone knows it when it begins to sign.</summary>
    Next,
    Current,
    /// <summary>Signs no more, and stays published until the last document that it signed has ended.</summary>
    Retiring,
    Ended,
}

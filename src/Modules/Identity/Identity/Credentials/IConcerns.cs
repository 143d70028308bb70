namespace Licensing.Identity.Credentials;

/// <summary>
/// A command after which someone may do less, or that hangs on what someone may do. Its locks are taken together with the caller's own: two
/// administrators who shut each other out would wait for each other if each took his own first.
/// </summary>
internal interface IConcerns
{
    Concern? Concern { get; }
}

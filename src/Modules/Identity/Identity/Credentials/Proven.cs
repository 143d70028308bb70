namespace Licensing.Identity.Credentials;

/// <summary>What proving a credential found, and until when it may be believed without asking again.</summary>
internal readonly record struct Proven(Access? Access, Refusal? Refusal, DateTimeOffset Until = default)
{
    public static implicit operator Proven(Refusal refusal) => new(null, refusal);
}

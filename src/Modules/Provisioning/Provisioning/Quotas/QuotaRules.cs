namespace Licensing.Provisioning.Quotas;

/// <summary>What quotas named at the opening of a subscription must satisfy, all violations at once.</summary>
internal static class QuotaRules
{
    private const int Most = 100;

    /// <param name="quotas">Meter → most usage of a billing period.</param>
    /// <param name="meters">The keys of the meters there are.</param>
    /// <param name="decides">Whether whoever names them decides about quotas; others ask for theirs.</param>
    public static IEnumerable<FieldError> Check(IReadOnlyDictionary<string, decimal>? quotas, IReadOnlySet<string> meters, bool decides)
    {
        if (quotas is null)
            yield break;
        if (!decides)
        {
            yield return new(
                "/quotas", "not_allowed",
                "quotas are decided by the platform; open it without and ask for them by /api/v1/quota-requests.");
            yield break;
        }

        if (quotas.Count > Most)
        {
            yield return new("/quotas", "count", $"quotas must have at most {Most} entries.");
            yield break;
        }

        foreach (var (meter, limit) in quotas.OrderBy(q => q.Key, StringComparer.Ordinal))
        {
            if (!meters.Contains(meter))
                yield return QuotaRefusals.UnknownMeter($"/quotas/{PointerToken.Escape(meter)}", meter);
            if (limit < 0)
                yield return new($"/quotas/{PointerToken.Escape(meter)}", "negative", "A quota must be at least 0.");
        }
    }
}

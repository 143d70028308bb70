namespace Licensing.Identity.Clients;

internal static class KnownClientSql
{
    /// <summary>
    /// SQL for who knows what a row of clients proves itself with at <paramref name="now"/>: of its secrets those that are still good count, each
    /// with whoever knows that one. Empty where nobody can say.
    /// </summary>
    public static string Of(string client, string now) =>
        $$"""
        coalesce((
            select case when bool_or(someone is null) then '{}' else array_agg(distinct someone) end
            from jsonb_array_elements({{client}}.secrets) s
            left join lateral unnest(
                case when s ? 'knownTo'
                    then array(select jsonb_array_elements_text(s -> 'knownTo')::uuid)
                    else {{client}}.known_to
                end) someone on true
            where coalesce((s ->> 'expiresAt')::timestamptz > {{now}}, true)), {{client}}.known_to)
        """;
}

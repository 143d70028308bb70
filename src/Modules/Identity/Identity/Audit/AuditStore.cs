using System.Text.Json;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Identity.Audit;

/// <summary>Keeps the trail, in the transaction of the write that it tells of.</summary>
internal sealed class AuditStore : IAuditStore
{
    private const string Insert =
        """
        with entry as (
            insert into identity.audit_entries
                (id, at, principal_kind, principal_id, principal_name, organization_id, action, owner_path, resources, changes, request_id)
            select e.id, e.at, e.kind, e.principal, case when e.maker is null then e.name else e.name || ' (by link of ' || coalesce(
                    (select email from identity.users where id = e.maker),
                    (select name || ' (lk_' || prefix || ')' from identity.api_keys where id = e.maker),
                    (select name || ' (client)' from identity.clients where id = e.maker), 'system') || ')' end,
                e.organization, e.action, e.path, e.resources::text[], e.changes, e.request
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                as e (id, at, kind, principal, name, organization, action, path, resources, changes, request, maker)
            returning id)
        insert into identity.audit_unsealed select id from entry
        """;

    public NpgsqlBatchCommand Append(params IReadOnlyList<AuditEntry> entries) => new(Insert)
    {
        Parameters =
        {
            Each(entries, NpgsqlDbType.Uuid, e => Id.NewGuid(e.At)),
            Each(entries, NpgsqlDbType.TimestampTz, e => e.At),
            Each(entries, NpgsqlDbType.Text, e => e.By.Kind.ToString()),
            Each(entries, NpgsqlDbType.Uuid, e => e.By.Id),
            Each(entries, NpgsqlDbType.Text, e => e.By.Name),
            Each(entries, NpgsqlDbType.Uuid, e => e.By.OrganizationId),
            Each(entries, NpgsqlDbType.Text, e => e.Action),
            Each(entries, NpgsqlDbType.Text, PathOf),
            // Types and ids side by side: one index answers "of this type", "of this id" and both.
            // As text, because an array of arrays would have to be as wide everywhere.
            Each(
                entries, NpgsqlDbType.Text,
                e => ArrayText(e.Changes.SelectMany(c => new[] { c.Type, c.Id }).Concat(Opening(e.By)).Distinct(StringComparer.Ordinal))),
            Each(entries, NpgsqlDbType.Jsonb, e => JsonSerializer.Serialize(e.Changes, StoredJson.Options)),
            Each(entries, NpgsqlDbType.Text, e => e.RequestId),
            // In a log-in that someone else opened both are named: what is done in it is his doing.
            Each(entries, NpgsqlDbType.Uuid, e => e.By.OpenedBy),
        },
    };

    private static NpgsqlParameter Each<T>(IReadOnlyList<AuditEntry> entries, NpgsqlDbType type, Func<AuditEntry, T> value) =>
        new() { Value = entries.Select(value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };

    private static string ArrayText(IEnumerable<string> values) => $"{{{string.Join(',', values.Select(Quoted))}}}";

    private static string Quoted(string value) =>
        $"\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>How an entry names who made the link to the log-in in which it was written: a name can be chosen, this cannot.</summary>
    internal static string LinkMaker(Guid maker) => LinkMakerMark + maker;

    /// <summary>Who that was, of an entry's resources, or null.</summary>
    internal static Guid? LinkMakerOf(IEnumerable<string> resources) =>
        resources.FirstOrDefault(r => r.StartsWith(LinkMakerMark, StringComparison.Ordinal)) is { } said
            ? Guid.Parse(said.AsSpan(LinkMakerMark.Length))
            : null;

    private const string LinkMakerMark = "login_link_maker:";

    private static string[] Opening(Access by) => by.OpenedBy is { } maker ? [LinkMaker(maker), $"session:{by.SessionId}"] : [];

    /// <summary>The lowest node that reaches everything the entry tells of: who sees less than that must not read it.</summary>
    internal static string PathOf(AuditEntry entry)
    {
        string? common = null;
        foreach (var path in entry.Changes.Select(c => c.Path).OfType<string>())
            common = common is null ? path : Scope.Common(common, path);
        return common ?? (entry.By.Path.Length > 0 ? entry.By.Path : PlatformRoot.Path);
    }
}

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
            select $1, $2, $3, $4, case when $12 is null then $5 else $5 || ' (by link of ' || coalesce(
                    (select email from identity.users where id = $12), (select name || ' (lk_' || prefix || ')' from identity.api_keys where id = $12),
                    (select name || ' (client)' from identity.clients where id = $12), 'system') || ')' end,
                $6, $7, $8, $9, $10, $11
            returning id)
        insert into identity.audit_unsealed select id from entry
        """;

    public NpgsqlBatchCommand Append(AuditEntry entry) => new(Insert)
    {
        Parameters =
        {
            new() { Value = Id.NewGuid(entry.At) },
            new() { Value = entry.At },
            new() { Value = entry.By.Kind.ToString() },
            new() { Value = entry.By.Id },
            new() { Value = entry.By.Name },
            new() { Value = entry.By.OrganizationId },
            new() { Value = entry.Action },
            new() { Value = PathOf(entry) },
            // Types and ids side by side: one index answers "of this type", "of this id" and both.
            new() { Value = entry.Changes.SelectMany(c => new[] { c.Type, c.Id }).Concat(Opening(entry.By)).Distinct(StringComparer.Ordinal).ToArray() },
            new() { Value = JsonSerializer.Serialize(entry.Changes, StoredJson.Options), NpgsqlDbType = NpgsqlDbType.Jsonb },
            new() { Value = (object?)entry.RequestId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
            // In a log-in that someone else opened both are named: what is done in it is his doing.
            new() { Value = (object?)entry.By.OpenedBy ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
        },
    };

    /// <summary>How an entry names who made the link to the log-in in which it was written: a name can be chosen, this cannot.</summary>
    internal static string LinkMaker(Guid maker) => LinkMakerMark + maker;

    /// <summary>Who that was, of an entry's resources, or null.</summary>
    internal static Guid? LinkMakerOf(IEnumerable<string> resources) =>
        resources.FirstOrDefault(r => r.StartsWith(LinkMakerMark, StringComparison.Ordinal)) is { } said ? Guid.Parse(said.AsSpan(LinkMakerMark.Length)) : null;

    private const string LinkMakerMark = "login_link_maker:";

    private static string[] Opening(Access by) => by.OpenedBy is { } maker ? [LinkMaker(maker), $"session:{by.SessionId}"] : [];

    /// <summary>The lowest node that reaches everything the entry tells of: who sees less than that must not read it.</summary>
    internal static string PathOf(AuditEntry entry)
    {
        string? common = null;
        foreach (var path in entry.Changes.Select(c => c.Path).OfType<string>())
            common = common is null ? path : Common(common, path);
        return common ?? (entry.By.Path.Length > 0 ? entry.By.Path : PlatformRoot.Path);
    }

    private static string Common(string a, string b)
    {
        var length = a.AsSpan().CommonPrefixLength(b);
        return a[..(a.AsSpan(0, length).LastIndexOf('.') + 1)];
    }
}

using System.Text.Json.Nodes;
using Npgsql;

namespace Licensing.Kernel.Persistence;

/// <summary>A property whose value never leaves the process in clear: the audit trail shows that it changed, not what it was.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;

/// <summary>One changed thing within one command.</summary>
/// <param name="Type">Kind of resource, snake_case.</param>
/// <param name="Id">Its id.</param>
/// <param name="Path">Owner path, so that the trail can be read by scope; null: the caller's own.</param>
/// <param name="Changes">Property → <c>{old,new}</c>, secrets masked.</param>
public sealed record AuditedChange(string Type, string Id, string? Path, JsonObject Changes);

/// <summary>One write, as it is kept.</summary>
public sealed record AuditEntry(
    DateTimeOffset At, Access By, string Action, IReadOnlyList<AuditedChange> Changes, string? RequestId);

/// <summary>Where entries are kept; implemented by the module that owns the trail.</summary>
public interface IAuditStore
{
    /// <summary>What keeps entries, for the end of the transaction that they tell of.</summary>
    NpgsqlBatchCommand Append(params IReadOnlyList<AuditEntry> entries);
}

/// <summary>Collects what one command changes. Contexts note their entities by themselves; set-based SQL notes its own summary.</summary>
public sealed class AuditTrail
{
    // A batch of thousands is one act; its entry names the first ones and the pipeline keeps the count in the action's answer.
    private const int MostChanges = 100;

    private readonly List<AuditedChange> _changes = [];

    public IReadOnlyList<AuditedChange> Changes => _changes;

    internal bool IsFull => _changes.Count == MostChanges;

    public void Note(AuditedChange change)
    {
        if (_changes.Count < MostChanges)
            _changes.Add(change);
    }

    public void Note(string type, string id, string? path, JsonObject changes) => Note(new AuditedChange(type, id, path, changes));

    internal void Clear() => _changes.Clear();
}

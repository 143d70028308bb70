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
    // A batch of thousands is one act. The trail names so many; the count says how many there were.
    private const int MostChanges = 100;

    private readonly List<AuditedChange> _changes = [];
    private int _count;
    private string? _unnamedPath;

    /// <summary>
    /// The first ones. Where there were more, a last one of type <c>more</c> has the <c>count</c> of all, and lies above those not named.
    /// </summary>
    public IReadOnlyList<AuditedChange> Changes => IsFull
        ? [.. _changes, new AuditedChange("more", "changes", _unnamedPath, new JsonObject { ["count"] = _count })]
        : _changes;

    /// <summary>Whether there were more than it names.</summary>
    internal bool IsFull => _count > MostChanges;

    public void Note(AuditedChange change)
    {
        _count++;
        if (!IsFull)
            _changes.Add(change);
        else if (change.Path is { } path)
            _unnamedPath = _unnamedPath is null ? path : Scope.Common(_unnamedPath, path);
    }

    public void Note(string type, string id, string? path, JsonObject changes) => Note(new AuditedChange(type, id, path, changes));

    internal void Clear()
    {
        _changes.Clear();
        (_count, _unnamedPath) = (0, null);
    }
}

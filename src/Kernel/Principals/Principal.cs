using System.Collections.Frozen;

namespace Licensing.Kernel;

public enum PrincipalKind { Anonymous, User, Credential, System }

/// <summary>A role held at one node of the tree; it reaches exactly that node's subtree.</summary>
/// <param name="Role">Its name, predefined or custom.</param>
/// <param name="OrganizationId">Where it is held.</param>
/// <param name="Path">That node's path.</param>
/// <param name="Permissions">What it allows there.</param>
public sealed record Grant(string Role, Guid OrganizationId, string Path, FrozenSet<string> Permissions);

/// <summary>Who someone is and what he holds: immutable, so it can be cached by the digest of the credential that proved it.</summary>
public sealed record Access
{
    public required PrincipalKind Kind { get; init; }

    /// <summary>The user's or the credential's id; the audit trail and idempotency records are kept by it.</summary>
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required Guid OrganizationId { get; init; }

    /// <summary>Path of the organisation he belongs to.</summary>
    public required string Path { get; init; }

    /// <summary>The log-in behind the credential; null where there is none.</summary>
    public Guid? SessionId { get; init; }

    /// <summary>Who opened that log-in for its owner; null where he did himself.</summary>
    public Guid? OpenedBy { get; init; }

    /// <summary>The access token that proved him; null where something else did.</summary>
    public Guid? TokenId { get; init; }

    /// <summary>Of a user the number of his password, of a client the epoch of its secrets; null of API keys and of the system.</summary>
    public int? CredentialNumber { get; init; }

    /// <summary>When what proved him ends by the clock; an access token does, and a client's secret in its overlap.</summary>
    public DateTimeOffset Until { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Who else may be asking in his name, without himself: who knows the secret or the password that proves him.</summary>
    public IReadOnlyList<Guid> MayAlsoBe { get; init; } = [];

    public IReadOnlyList<Grant> Grants { get; init; } = [];

    /// <summary>Why he may not change anything now (his branch is suspended, his password must change), else null.</summary>
    public Refusal? WritesRefused { get; init; }

    public static Access Anonymous { get; } =
        new() { Kind = PrincipalKind.Anonymous, Id = Guid.Empty, Name = "anonymous", OrganizationId = Guid.Empty, Path = "" };

    /// <summary>The process itself: message handlers and recurring work.</summary>
    public static Access System { get; } =
        new() { Kind = PrincipalKind.System, Id = Guid.Empty, Name = "system", OrganizationId = Guid.Empty, Path = "" };

    public bool May(string permission) => Kind is PrincipalKind.System || Grants.Any(g => g.Permissions.Contains(permission));

    public Scope ScopeFor(string permission) => Kind is PrincipalKind.System
        ? Scope.Everything
        : Scope.Of(Grants.Where(g => g.Permissions.Contains(permission)).Select(g => g.Path));
}

/// <summary>Who is asking in this request, and how far the permission that the request needs reaches.</summary>
public sealed class Principal
{
    public Access Access { get; private set; } = Access.Anonymous;

    /// <summary>The subtrees in which the caller holds the permission of the request being handled.</summary>
    public Scope Scope { get; private set; } = Scope.Nothing;

    public Guid Id => Access.Id;

    /// <summary>The address that the request came from; empty where it came from none.</summary>
    public string Address { get; internal set; } = "";

    public void Become(Access access)
    {
        Access = access;
        Scope = access.Kind is PrincipalKind.System ? Scope.Everything : Scope.Nothing;
    }

    internal Scope Enter(Scope scope)
    {
        var outer = Scope;
        Scope = scope;
        return outer;
    }

    /// <summary>Whether the caller holds <paramref name="permission"/> at a node that reaches <paramref name="path"/>.</summary>
    public bool May(string permission, string path) => Access.ScopeFor(permission).Contains(path);
}

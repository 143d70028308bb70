using Licensing.Kernel.Messaging;

namespace Licensing.Identity.Contracts;

/// <summary>A new node stands in the tree.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Kind">Its level.</param>
/// <param name="Path">Where it stands.</param>
/// <param name="At">When.</param>
[Message("identity.organization-created.v1")]
public sealed record OrganizationCreated(OrganizationId Id, OrganizationKind Kind, string Path, DateTimeOffset At);

/// <summary>The organisation and everything under it may not write until it is resumed.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Path">The branch.</param>
/// <param name="At">When.</param>
[Message("identity.organization-suspended.v1")]
public sealed record OrganizationSuspended(OrganizationId Id, string Path, DateTimeOffset At);

/// <summary>The suspension has ended.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Path">The branch.</param>
/// <param name="At">When.</param>
[Message("identity.organization-resumed.v1")]
public sealed record OrganizationResumed(OrganizationId Id, string Path, DateTimeOffset At);

/// <summary>The organisation has ended; nothing below it was live.</summary>
/// <param name="Id">The organisation.</param>
/// <param name="Path">Where it stands.</param>
/// <param name="At">When.</param>
[Message("identity.organization-closed.v1")]
public sealed record OrganizationClosed(OrganizationId Id, string Path, DateTimeOffset At);

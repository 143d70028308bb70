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

/// <summary>
/// A tenant stands under another partner. What others own at the tenant and is still live moves to its new path; what belongs to days
/// before <paramref name="On"/> stays. Two transfers may be heard in either order: <see cref="IOrganizationDirectory"/> knows the place now.
/// </summary>
/// <param name="Id">The tenant.</param>
/// <param name="FromPath">Where it stood.</param>
/// <param name="ToPath">Where it stands since.</param>
/// <param name="On">The first day with the new partner, in the billing time zone.</param>
/// <param name="At">When it was moved.</param>
[Message("identity.tenant-transferred.v1")]
public sealed record TenantTransferred(OrganizationId Id, string FromPath, string ToPath, DateOnly On, DateTimeOffset At);

using Licensing.Identity.Contracts;

namespace Licensing.Identity.Organizations;

internal static class OrganizationRefusals
{
    public static Refusal NotFound(OrganizationKind kind, Guid id) =>
        new(RefusalKind.NotFound, "organization_not_found", $"There is no {kind.ToString().ToLowerInvariant()} {id}.");

    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "organization_not_found", $"There is no organization {id}.");

    /// <summary>Of one that a field of the request names.</summary>
    public static Refusal UnknownInField(string field, Guid id) =>
        Refusal.Field($"/{field}", "organization_not_found", $"{field}: there is no such organization {id}.");

    public static Refusal WrongParent(OrganizationKind kind, OrganizationKind parent) =>
        new(RefusalKind.Invalid, "wrong_parent", $"A {kind} cannot stand under a {parent}.");

    public static Refusal ExternalIdTaken { get; } =
        new(RefusalKind.Conflict, "external_id_taken", "Another organization under the same parent has this externalId.");

    public static Refusal Closed { get; } =
        new(RefusalKind.Conflict, "organization_closed", "The organization is closed.");

    public static Refusal ParentSuspended { get; } =
        new(RefusalKind.Conflict, "organization_suspended", "The organization above is suspended; resume it first.");

    public static Refusal AlreadySuspended { get; } =
        new(RefusalKind.Conflict, "already_suspended", "The organization is suspended already.");

    public static Refusal NotSuspended { get; } =
        new(RefusalKind.Conflict, "not_suspended", "The organization is not suspended.");

    public static Refusal HasLiveChildren { get; } =
        new(RefusalKind.Conflict, "has_live_organizations", "Organizations below this one are not closed yet.");

    public static Refusal StillHeld(IReadOnlyList<Holding> held) => new(
        RefusalKind.Conflict, "still_in_use", $"Still live there: {string.Join(", ", held.Select(x => $"{x.Count} {x.What}"))}. End them first.");

    public static Refusal MayNotAddUsers { get; } = new(
        RefusalKind.Forbidden, "not_allowed",
        $"Your roles do not include the permission {IdentityPermissions.UsersManage}, which administrator needs.");

    public static Refusal AdministratorInBatch { get; } = Refusal.Field(
        "/administrator", "not_in_batch", "administrator: tenants of a batch get their administrators afterwards, by POST /api/v1/users.");

    public static Refusal OutOfReach { get; } =
        new(RefusalKind.Forbidden, "not_allowed_here", "You may see this organization but not change it: only those above it may.");

    public static Refusal BranchSuspended { get; } = new(
        RefusalKind.Forbidden, "branch_suspended",
        "Your organization, or one above it, is suspended; nothing can be changed until it is resumed.");
}

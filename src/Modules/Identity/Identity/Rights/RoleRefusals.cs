using Licensing.Identity.Contracts;

namespace Licensing.Identity.Rights;

internal static class RoleRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "role_not_found", $"There is no custom role {id}.");

    public static Refusal AccountRoleNotFound(Guid id) =>
        new(RefusalKind.NotFound, "account_role_not_found", $"There is no role {id} on an account.");

    public static Refusal OutOfReach { get; } =
        new(RefusalKind.Forbidden, "outside_reach", "The role is defined above the organizations whose roles you manage.");

    public static Refusal UnknownPermission(string pointer, string permission) =>
        Refusal.Field(pointer, "unknown_permission", $"{pointer[1..]}: there is no permission {permission}.");

    public static Refusal NotHeld(string pointer, string permission) =>
        Refusal.Field(pointer, "exceeds_own", $"{pointer[1..]}: it includes {permission}, which you do not hold there yourself.");

    public static Refusal MoreThanHeld(string permission) =>
        new(RefusalKind.Forbidden, "exceeds_own", $"The role includes {permission}, which you do not hold there yourself.");

    public static Refusal HolderOutOfReach { get; } =
        new(RefusalKind.Forbidden, "outside_reach", "The user belongs to an organization above those whose users you manage.");

    public static Refusal NotAtLevel(string pointer, string permission, OrganizationKind level) =>
        Refusal.Field(pointer, "wrong_level", $"{pointer[1..]}: {permission} cannot be held at a {level.ToString().ToLowerInvariant()}.");

    public static Refusal LevelAbove(OrganizationKind kind) =>
        Refusal.Field("/level", "wrong_level", $"level: a role defined at a {kind.ToString().ToLowerInvariant()} is held there or below.");

    public static Refusal NameReserved(string name) => Refusal.Field("/name", "reserved", $"name: {name} is a predefined role.");

    public static Refusal NameTaken { get; } =
        new(RefusalKind.Conflict, "role_name_taken", "A role of this name is defined at the organization, above or below it.");

    public static Refusal Replaced { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else defined the role anew at the same moment; try again.") { Transient = true };

    public static Refusal InUse { get; } = new(RefusalKind.Conflict, "role_in_use", "Users, accounts, API keys or OAuth clients hold this role.");
}

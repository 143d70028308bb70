using Licensing.Identity.Contracts;

namespace Licensing.Identity.Users;

internal static class UserRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "user_not_found", $"There is no user {id}.");

    public static Refusal UnknownEmail(string email) => new(RefusalKind.NotFound, "user_not_found", $"There is no user {email}.");

    public static Refusal AssignmentNotFound(Guid id) => new(RefusalKind.NotFound, "role_assignment_not_found", $"There is no role assignment {id}.");

    public static Refusal UnknownOrganization(Guid id) =>
        Refusal.Field("/organizationId", "organization_not_found", $"organizationId: there is no such organization {id}.");

    public static Refusal UnknownUser(Guid id) => Refusal.Field("/userId", "user_not_found", $"userId: there is no such user {id}.");

    public static Refusal UnknownRole(string role) => Refusal.Field("/role", "unknown_role", $"role: there is no role {role}.");

    public static Refusal WrongLevel(string role, OrganizationKind kind) =>
        Refusal.Field("/role", "wrong_level", $"role: {role} cannot be held at a {kind.ToString().ToLowerInvariant()}.");

    public static Refusal EmailTaken { get; } = new(RefusalKind.Conflict, "email_taken", "Another user has this e-mail address.");

    public static Refusal OutsideHisBranch { get; } =
        Refusal.Field("/organizationId", "outside_branch", "organizationId: the organization lies outside the branch that the user belongs to.");

    public static Refusal LastAdministrator { get; } =
        new(RefusalKind.Conflict, "last_administrator", "This is the last platform administrator; nobody could give the role back.");

    public static Refusal AlreadyAssigned { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else gave this role at the same moment.");

    public static Refusal OrganizationClosed { get; } =
        new(RefusalKind.Conflict, "organization_closed", "The organization is closed.");
}

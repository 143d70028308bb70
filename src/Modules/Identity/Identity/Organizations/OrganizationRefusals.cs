using Licensing.Identity.Contracts;

namespace Licensing.Identity.Organizations;

internal static class OrganizationRefusals
{
    public static Refusal NotFound(OrganizationKind kind, Guid id) =>
        new(RefusalKind.NotFound, "organization_not_found", $"There is no {kind.ToString().ToLowerInvariant()} {id}.");

    public static Refusal UnknownParent(string field, Guid id) =>
        Refusal.Field($"/{field}", "organization_not_found", $"{field}: there is no such organization {id}.");

    public static Refusal WrongParent(OrganizationKind kind, OrganizationKind parent) =>
        new(RefusalKind.Invalid, "wrong_parent", $"A {kind} cannot stand under a {parent}.");

    public static Refusal ExternalIdTaken { get; } =
        new(RefusalKind.Conflict, "external_id_taken", "Another organization under the same parent has this externalId.");

    public static Refusal Closed { get; } =
        new(RefusalKind.Conflict, "organization_closed", "The organization is closed.");

    public static Refusal ParentSuspended { get; } =
        new(RefusalKind.Conflict, "organization_suspended", "The organization above is suspended; resume it first.");
}

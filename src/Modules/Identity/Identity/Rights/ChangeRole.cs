using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Rights;

/// <summary>Changes what a custom role allows, for everyone who holds it, at once.</summary>
internal static class ChangeRole
{
    [Needs(IdentityPermissions.RolesManage)]
    public sealed record Command : ICommand<CustomRoleView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfCustomRole(Id);

        [JsonIgnore]
        public CustomRoleId Id { get; init; }

        public Optional<IReadOnlyList<string>> Permissions { get; init; }
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => When(
            x => x.Permissions.IsPresent,
            () => RuleFor(x => x.Permissions.Value).Permissions().OverridePropertyName("Permissions"));
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, RoleBook roles, CredentialCache cache, Precondition precondition, Principal principal)
        : ICommandHandler<Command, CustomRoleView>
    {
        public async Task<Result<CustomRoleView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await db.DefinedRoleAsync(command.Id, principal, cancellationToken)).Refused(out var refusal, out var role))
                return refusal;
            if (precondition.Fails(role))
                return Precondition.Failed;
            // Of what stays, too: else who holds less than the role could keep for others, or for himself, what he could not give.
            if (roles.RefusalOf(command.Permissions.Or(role.Permissions), role.Level, role.OwnerPath) is { } exceeding)
                return exceeding;
            // And of what goes: who takes from its holders what he could not give may change, and so become, whom he could not before.
            if (command.Permissions.IsPresent && roles.Exceeding(role.Permissions.Where(roles.Knows), role.OwnerPath) is { } more)
                return RoleRefusals.MoreThanHeld(more);

            role.Allow(command.Permissions.Or(role.Permissions));
            cache.ForgetAfterCommit(session);
            return await db.SavedAsync(() => CustomRoleView.Of(role), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapPatch("/{id:guid}", (Guid id, Command body, ISender sender, CancellationToken ct) =>
            sender.Ok(body with { Id = new CustomRoleId(id) }, ct))
        .Slice<Command, CustomRoleView>(nameof(ChangeRole), "Changes what a custom role allows");
}

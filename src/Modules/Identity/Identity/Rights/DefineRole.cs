using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Rights;

/// <summary>Puts permissions together to a role that can be held in an organisation's branch, at one level.</summary>
internal static class DefineRole
{
    [Needs(IdentityPermissions.RolesManage)]
    public sealed record Command(string Name, OrganizationKind Level, OrganizationId OrganizationId, IReadOnlyList<string> Permissions)
        : ICommand<CustomRoleView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Name).NotEmpty().MaximumLength(CustomRoleName.Longest).Matches(CustomRoleName.Pattern);
            RuleFor(x => x.Permissions).Permissions();
        }
    }

    internal sealed class Handler(IdentityDb db, DbSession session, HeldOrganizations organizations, RoleBook roles, TimeProvider clock)
        : ICommandHandler<Command, CustomRoleView>
    {
        public async Task<Result<CustomRoleView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (Roles.All.Contains(command.Name, StringComparer.OrdinalIgnoreCase))
                return RoleRefusals.NameReserved(command.Name);
            if (roles.RefusalOf(command.Permissions, command.Level, organization.OwnerPath) is { } exceeding)
                return exceeding;
            if (await IsTakenAsync(command.Name, organization.OwnerPath, cancellationToken))
                return RoleRefusals.NameTaken;
            if (CustomRole.Define(organization, command.Name, command.Level, command.Permissions, clock.GetUtcNow())
                .Refused(out refusal, out var role))
                return refusal;

            db.Add(role);
            return CustomRoleView.Of(role);
        }

        // Whoever assigns by name in a branch must find one role: no two of a name lie on one way from the root. The lock, because no key
        // can say that.
        private async Task<bool> IsTakenAsync(string name, string path, CancellationToken ct)
        {
            await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select pg_advisory_xact_lock(hashtextextended('identity.custom_role.' || lower($1), 0))")
            { Parameters = { new() { Value = name } } });
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                select exists (
                    select from identity.custom_roles
                    where lower(name) = lower($1) and (starts_with($2, owner_path) or starts_with(owner_path, $2)))
                """)
            { Parameters = { new() { Value = name }, new() { Value = path } } });
            await using var reader = await batch.ExecuteReaderAsync(ct);
            await reader.NextResultAsync(ct);
            return await reader.ReadAsync(ct) && reader.GetBoolean(0);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/roles/{x.Id.Value}", ct))
        .Slice<Command, CustomRoleView>(nameof(DefineRole), "Defines a custom role", StatusCodes.Status201Created);
}

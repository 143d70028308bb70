using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Rights;

/// <summary>Removes a custom role that nobody holds.</summary>
internal static class DeleteRole
{
    [Needs(IdentityPermissions.RolesManage)]
    public sealed record Command(CustomRoleId Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfCustomRole(Id);
    }

    internal sealed class Handler(IdentityDb db, DbSession session, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await db.DefinedRoleAsync(command.Id, principal, cancellationToken)).Refused(out var refusal, out var role))
                return refusal;
            if (precondition.Fails(role))
                return Precondition.Failed;
            if (await IsHeldAsync(command.Id, cancellationToken))
                return RoleRefusals.InUse;

            db.Remove(role);
            return default(Done);
        }

        // Locked before it is looked for: whoever gives the role at this moment has either committed, or waits and does not find it.
        private async Task<bool> IsHeldAsync(CustomRoleId id, CancellationToken ct)
        {
            await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
            batch.BatchCommands.Add(new NpgsqlBatchCommand("select 1 from identity.custom_roles where id = $1 for update")
            { Parameters = { new() { Value = id.Value } } });
            batch.BatchCommands.Add(new NpgsqlBatchCommand(
                """
                select exists (select from identity.role_assignments where custom_role_id = $1)
                    or exists (select from identity.account_roles where custom_role_id = $1)
                    or exists (
                        select from identity.api_keys
                        where custom_role_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2))
                    or exists (
                        select from identity.clients
                        where custom_role_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2))
                """)
            { Parameters = { new() { Value = id.Value }, new() { Value = clock.GetUtcNow() } } });
            await using var reader = await batch.ExecuteReaderAsync(ct);
            await reader.NextResultAsync(ct);
            return await reader.ReadAsync(ct) && reader.GetBoolean(0);
        }
    }

    public static void Map(RouteGroupBuilder roles) => roles
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new CustomRoleId(id)), ct))
        .Slice<Command>(nameof(DeleteRole), "Deletes a custom role that nobody holds");
}

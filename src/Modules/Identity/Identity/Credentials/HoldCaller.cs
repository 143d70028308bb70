using Licensing.Identity.Data;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using MediatR;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Holds the caller and whom his command is about (<see cref="CallerLocks"/>) until such a command commits: what shuts him out comes before,
/// and then he is refused, or after, and then it sees what he made. Between the look at his credential and the transaction lies the body,
/// which he may send slowly.
/// </summary>
internal sealed class HoldCaller<TRequest, TResponse>(
    DbSession session, Principal principal, StandingRights rights, LoginLinkRight links, TimeProvider clock) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>, ICommand
    where TResponse : IResult<TResponse>
{
    private static readonly bool Lasts = LastingEffect.IsOf(RequestPolicy.Of(typeof(TRequest)));
    private static readonly bool MakesWaysIn = RequestPolicy.Of(typeof(TRequest)).InPerson;

    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        if (!Lasts)
            return await next();
        var (caller, concern) = (principal.Access, (request as IConcerns)?.Concern);
        if (MakesWaysIn && caller.MayAlsoBe.Count > Knowing.MostPeople)
            return TResponse.Refuse(CredentialRefusals.TooManyPeople);
        var isKnown = caller.Id != Guid.Empty;
        if (isKnown || concern is not null)
            await session.LockForCommandAsync(
                [.. new[] { caller.Id, caller.OpenedBy ?? Guid.Empty }.Where(id => id != Guid.Empty)], concern, principal.Scope, cancellationToken);
        return isKnown && await RefusalAsync(caller, cancellationToken) is { } refusal ? TResponse.Refuse(refusal) : await next();
    }

    private async Task<Refusal?> RefusalAsync(Access caller, CancellationToken ct)
    {
        // By the clock it may have ended while its caller waited, or sent his body.
        if (caller.Until <= clock.GetUtcNow())
            return CredentialRefusals.Invalid;
        if (await StateAsync(caller, ct) is not var (state, held))
            return null;
        if (state is State.Ended)
            return CredentialRefusals.Invalid;
        if (state is State.Suspended && caller.WritesRefused is null)
            return OrganizationRefusals.BranchSuspended;
        if (!HasAll(caller, held))
            return CredentialRefusals.LostRights;
        return caller.OpenedBy is not { } maker || await links.StandsAsync(session, maker, new UserId(caller.Id), caller.Path, ct)
            ? null
            : CredentialRefusals.Invalid;
    }

    // Of a role that reaches back to where a transferred organisation stood only what it is now: nothing is written there.
    private static bool HasAll(Access caller, HeldPermissions held) =>
        caller.PresentGrants.All(g => g.Permissions.All(p => held.Reach(p, g.Path)));

    private enum State { Open, Suspended, Ended }

    // His organisation first, as a transfer takes it. Null for who is no user, key or client of ours, and so ends elsewhere.
    private async Task<(State State, HeldPermissions Held)?> StateAsync(Access caller, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        Add("select 1 from identity.organizations where id = $1 for key share", caller.OrganizationId);
        Add(
            """
            select u.status <> 'Active' or b.state = 'Closed' or u.password_number <> coalesce($2, u.password_number)
                    or exists (select from identity.sessions s where s.id = $3 and s.revoked_at is not null)
                    or exists (select from identity.revoked_access_tokens t where t.id = $4), b.state = 'Suspended'
            from identity.users u join identity.branches b on b.id = u.organization_id where u.id = $1
            union all
            select k.revoked_at is not null or coalesce(k.expires_at <= $5, false) or b.state = 'Closed', b.state = 'Suspended'
            from identity.api_keys k join identity.branches b on b.id = k.organization_id where k.id = $1
            union all
            select c.revoked_at is not null or coalesce(c.expires_at <= $5, false) or b.state = 'Closed' or c.epoch <> coalesce($2, c.epoch)
                    or exists (select from identity.revoked_access_tokens t where t.id = $4), b.state = 'Suspended'
            from identity.clients c join identity.branches b on b.id = c.organization_id where c.id = $1
            """,
            caller.Id, (object?)caller.CredentialNumber ?? DBNull.Value, caller.SessionId ?? Guid.Empty, caller.TokenId ?? Guid.Empty,
            clock.GetUtcNow());
        batch.BatchCommands[1].Parameters[1].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer;
        rights.Ask(batch, caller.Id);
        await using var rows = await batch.ExecuteReaderAsync(ct);
        await rows.NextResultAsync(ct);
        if (!await rows.ReadAsync(ct))
            return null;
        var state = rows.GetBoolean(0) ? State.Ended : rows.GetBoolean(1) ? State.Suspended : State.Open;
        await rows.NextResultAsync(ct);
        return (state, await rights.ReadAsync(rows, ct));

        void Add(string sql, params object[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            command.Parameters.AddValues(values);
            batch.BatchCommands.Add(command);
        }
    }
}

using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Npgsql;

namespace Licensing.Identity.Credentials;

/// <summary>
/// What outlives the credential it is asked with: credentials, users, roles, whatever administers. For that nobody is believed from memory:
/// whoever was shut out at another host a moment ago must not make himself another way in.
/// </summary>
internal static class LastingEffect
{
    public static bool IsOf(RequestPolicy policy) =>
        policy.InPerson || (policy is { Writes: true, Permission: { } permission } && IdentityPermissions.Administrative.Contains(permission));

    public static bool IsOf(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>() is { } slice && IsOf(slice.Policy);
}

/// <summary>
/// Holds the caller's own user, log-in, key or client until such a command commits: what shuts him out comes before, and then he is refused,
/// or after, and then it sees what he made. Between the look at his credential and the transaction lies the body, which he may send slowly.
/// </summary>
internal sealed class HoldCaller<TRequest, TResponse>(DbSession session, Principal principal, TimeProvider clock) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
    where TResponse : IResult<TResponse>
{
    private static readonly bool Holds = typeof(TRequest).IsAssignableTo(typeof(ICommand)) && LastingEffect.IsOf(RequestPolicy.Of(typeof(TRequest)));

    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next) =>
        Holds && principal.Id != Guid.Empty && await HasEndedAsync(principal.Access, cancellationToken) ? TResponse.Refuse(CredentialRefusals.Invalid) : await next();

    // His organisation first, then he, then his log-in: the order of a transfer and of whoever changes a user.
    private async Task<bool> HasEndedAsync(Access caller, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        Add("select false from identity.organizations where id = $1 for key share", caller.OrganizationId);
        if (caller.Kind is PrincipalKind.User)
        {
            Add("select status <> 'Active' from identity.users where id = $1 for share", caller.Id);
            Add("select revoked_at is not null from identity.sessions where id = $1 for share", caller.SessionId ?? Guid.Empty);
        }
        else
        {
            Add("select revoked_at is not null or coalesce(expires_at <= $2, false) from identity.api_keys where id = $1 for share", caller.Id, clock.GetUtcNow());
            Add("select revoked_at is not null or coalesce(expires_at <= $2, false) from identity.clients where id = $1 for share", caller.Id, clock.GetUtcNow());
        }

        await using var rows = await batch.ExecuteReaderAsync(ct);
        var ended = false;
        do
            while (await rows.ReadAsync(ct))
                ended |= rows.GetBoolean(0);
        while (await rows.NextResultAsync(ct));
        return ended;

        void Add(string sql, params object[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values)
                command.Parameters.Add(new() { Value = value });
            batch.BatchCommands.Add(command);
        }
    }
}

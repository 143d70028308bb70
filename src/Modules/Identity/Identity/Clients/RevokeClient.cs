using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Clients;

/// <summary>Ends a client and its tokens, here at once and in other processes within seconds.</summary>
internal static class RevokeClient
{
    [Needs(IdentityPermissions.ClientsManage)]
    public sealed record Command(ClientId Id) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, CredentialCache cache, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var client = await db.Clients.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (client is null)
                return ClientRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(client))
                return Precondition.Failed;
            if (client.Revoke(clock.GetUtcNow()).Refused(out var refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new ClientId(id)), ct))
        .Slice<Command>(nameof(RevokeClient), "Revokes an OAuth client");
}

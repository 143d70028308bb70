using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Clients;

/// <summary>Ends a client and its tokens, here at once and in other processes within seconds.</summary>
internal static class RevokeClient
{
    [Needs(IdentityPermissions.ClientsManage)]
    public sealed record Command(ClientId Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfClient(Id);
    }

    internal sealed class Handler(DbSession session, ManagedClients clients, CredentialCache cache, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await clients.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var client))
                return refusal;
            if (client.Revoke(clock.GetUtcNow()).Refused(out refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new ClientId(id)), ct))
        .Slice<Command>(nameof(RevokeClient), "Revokes an OAuth client");
}

using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Clients;

/// <summary>Ends one of a client's secrets, and the tokens that may have been got with it.</summary>
internal static class RemoveClientSecret
{
    [Needs(IdentityPermissions.ClientsManage)]
    public sealed record Command(ClientId Id, Guid SecretId) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfClient(Id);
    }

    internal sealed class Handler(ManagedClients clients, TimeProvider clock) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await clients.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var client))
                return refusal;
            var epoch = client.Epoch;
            if (client.RemoveSecret(command.SecretId, clock.GetUtcNow()).Refused(out refusal, out _))
                return refusal;

            await clients.ChangedAsync(client, epoch, cancellationToken);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapDelete("/{id:guid}/secrets/{secretId:guid}", (Guid id, Guid secretId, ISender sender, CancellationToken ct) =>
            sender.NoContent(new Command(new ClientId(id), secretId), ct))
        .Slice<Command>(nameof(RemoveClientSecret), "Ends one of an OAuth client's secrets");
}

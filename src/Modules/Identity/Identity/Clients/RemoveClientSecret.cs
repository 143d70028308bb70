using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Clients;

/// <summary>Ends one of a client's secrets, and the tokens that may have been got with it.</summary>
internal static class RemoveClientSecret
{
    [Needs(IdentityPermissions.ClientsManage)]
    public sealed record Command(ClientId Id, Guid SecretId) : ICommand<Done>;

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
            if (client.RemoveSecret(command.SecretId, clock.GetUtcNow()).Refused(out var refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapDelete("/{id:guid}/secrets/{secretId:guid}", (Guid id, Guid secretId, ISender sender, CancellationToken ct) =>
            sender.NoContent(new Command(new ClientId(id), secretId), ct))
        .Slice<Command>(nameof(RemoveClientSecret), "Ends one of an OAuth client's secrets");
}

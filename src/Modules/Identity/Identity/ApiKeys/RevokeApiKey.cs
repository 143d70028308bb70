using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.ApiKeys;

/// <summary>Ends an API key, here at once and in other processes within seconds.</summary>
internal static class RevokeApiKey
{
    [Needs(IdentityPermissions.ApiKeysManage)]
    public sealed record Command(ApiKeyId Id) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, CredentialCache cache, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var key = await db.ApiKeys.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (key is null)
                return ApiKeyRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(key))
                return Precondition.Failed;
            if (key.Revoke(clock.GetUtcNow()).Refused(out var refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new ApiKeyId(id)), ct))
        .Slice<Command>(nameof(RevokeApiKey), "Revokes an API key");
}

using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.ApiKeys;

/// <summary>Ends an API key, here at once and in other processes within seconds.</summary>
internal static class RevokeApiKey
{
    [Needs(IdentityPermissions.ApiKeysManage)]
    public sealed record Command(ApiKeyId Id) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfApiKey(Id);
    }

    internal sealed class Handler(DbSession session, ManagedApiKeys keys, CredentialCache cache, TimeProvider clock) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await keys.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var key))
                return refusal;
            if (key.Revoke(clock.GetUtcNow()).Refused(out refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new ApiKeyId(id)), ct))
        .Slice<Command>(nameof(RevokeApiKey), "Revokes an API key");
}

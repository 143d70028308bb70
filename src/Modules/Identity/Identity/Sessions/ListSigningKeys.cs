using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Sessions;

/// <summary>Which keys sign and verify access tokens and documents, and until when. At the terminal; everyone else has the key set.</summary>
internal static class ListSigningKeys
{
    [Needs(IdentityPermissions.SigningKeysManage)]
    public sealed record Query : IQuery<List<SigningKeyView>>;

    public sealed record SigningKeyView(
        string Kid, SigningKeyState State, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, DateTimeOffset? EndsAt);

    internal sealed class Handler(SigningKeys keys, TimeProvider clock) : IQueryHandler<Query, List<SigningKeyView>>
    {
        public async Task<Result<List<SigningKeyView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            var ring = await keys.RingAsync(cancellationToken);
            var now = clock.GetUtcNow();
            return ring.Keys.Select(k => new SigningKeyView(k.Key.KeyId, ring.StateOf(k, now), k.CreatedAt, k.SignsFrom, k.EndsAt)).ToList();
        }
    }

    public static OpsCommand Ops { get; } = new(
        "keys list", "Lists the signing keys of access tokens and documents.", [],
        async (call, ct) => (await call.Services.GetRequiredService<ISender>().Send(new Query(), ct)).Refused(out var refusal, out var keys)
            ? refusal
            : new OpsAnswer(keys));
}

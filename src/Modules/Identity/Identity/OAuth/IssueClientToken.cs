using Licensing.Identity.Clients;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.OAuth;

/// <summary>Gives a client that has proved itself its token, and leaves the entry in the trail. No endpoint sends it.</summary>
internal static class IssueClientToken
{
    [Anyone]
    public sealed record Command(KnownClient Client, IReadOnlyList<string>? Scope) : ICommand<IssueToken.TokenView>;

    internal sealed class Handler(DbSession session, ClientReader clients, AccessTokens tokens, Principal principal)
        : ICommandHandler<Command, IssueToken.TokenView>
    {
        public async Task<Result<IssueToken.TokenView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var access = clients.AccessOf(command.Client);
            var allowed = access.Grants.Single().Permissions;
            if (command.Scope?.FirstOrDefault(s => !allowed.Contains(s)) is { } tooMuch)
                return OAuthRefusals.InvalidScope($"The client may not have {tooMuch}.");

            principal.Become(access);
            var (token, lasts) = await tokens.IssueAsync(session, command.Client, command.Scope, cancellationToken);
            return new IssueToken.TokenView(
                token, "Bearer", (int)lasts.TotalSeconds, null, string.Join(' ', command.Scope ?? [.. allowed.Order(StringComparer.Ordinal)]));
        }
    }
}

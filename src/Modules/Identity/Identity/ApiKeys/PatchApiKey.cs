using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.ApiKeys;

/// <summary>Changes an API key's name, its end and what of its role it may use; its role and its secret stay.</summary>
internal static class PatchApiKey
{
    [Needs(IdentityPermissions.ApiKeysManage), InPerson]
    public sealed record Command : ICommand<ApiKeyView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfApiKey(Id);

        [JsonIgnore]
        public ApiKeyId Id { get; init; }

        public Optional<string> Name { get; init; }
        public Optional<DateTimeOffset?> ExpiresAt { get; init; }
        public Optional<IReadOnlyList<string>> Scopes { get; init; }
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            When(x => x.Name.IsPresent, () => RuleFor(x => x.Name.Value).NotEmpty().MaximumLength(100).OverridePropertyName("Name"));
            When(x => x.Scopes.IsPresent, () => RuleFor(x => x.Scopes.Value).NotNull().OverridePropertyName("Scopes"));
            RuleFor(x => x.Scopes.Value).Scopes().OverridePropertyName("Scopes");
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedApiKeys keys, RoleBook roles, CredentialCache cache, TimeProvider clock)
        : ICommandHandler<Command, ApiKeyView>
    {
        public async Task<Result<ApiKeyView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await keys.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var key))
                return refusal;
            // A longer life or another scope is as much as giving the key anew; a name is not.
            if ((command.Scopes.IsPresent || command.ExpiresAt.IsPresent)
                && await RefusalOfAsync(key, command.Scopes, cancellationToken) is { } exceeding)
                return exceeding;
            if (key.Change(command.Name.Or(key.Name), command.Scopes.Or(key.Scopes), command.ExpiresAt.Or(key.ExpiresAt), clock.GetUtcNow())
                .Refused(out refusal, out _))
                return refusal;

            cache.ForgetAfterCommit(session);
            return await db.SavedAsync(() => ApiKeyView.Of(key), cancellationToken);
        }

        private async Task<Refusal?> RefusalOfAsync(ApiKey key, Optional<IReadOnlyList<string>> scopes, CancellationToken ct)
        {
            var role = await roles.HeldAsync(key.Role, key.CustomRoleId, key.OwnerPath, ct);
            return scopes.IsPresent ? roles.RefusalOf(role, scopes.Value, key.OwnerPath)
                : roles.Exceeding(role.Within(key.Scopes), key.OwnerPath) is { } more ? ApiKeyRefusals.ExceedsOwn(more)
                : null;
        }
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapPatch("/{id:guid}", (Guid id, Command body, ISender sender, CancellationToken ct) => sender.Ok(body with { Id = new ApiKeyId(id) }, ct))
        .Slice<Command, ApiKeyView>(nameof(PatchApiKey), "Changes an API key's name, end and scopes");
}

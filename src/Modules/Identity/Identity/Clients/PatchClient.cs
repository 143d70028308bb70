using System.Text.Json;
using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Clients;

/// <summary>Changes a client's name, scopes, end or keys; its role and organisation stay.</summary>
internal static class PatchClient
{
    [Needs(IdentityPermissions.ClientsManage), InPerson]
    public sealed record Command : ICommand<ClientView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfClient(Id);

        [JsonIgnore]
        public ClientId Id { get; init; }

        public Optional<string> Name { get; init; }
        public Optional<IReadOnlyList<string>?> Scopes { get; init; }
        public Optional<DateTimeOffset?> ExpiresAt { get; init; }
        public JsonElement? Jwks { get; init; }
        public string? PublicKeyPem { get; init; }
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Name.Value).NotEmpty().MaximumLength(100).When(x => x.Name.IsPresent).OverridePropertyName("Name");
            RuleFor(x => x.Scopes.Value).Scopes().OverridePropertyName("Scopes");
            RuleFor(x => x.PublicKeyPem).MaximumLength(10_000);
        }
    }

    internal sealed class Handler(ManagedClients clients, ClientRights rights, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, ClientView>
    {
        public async Task<Result<ClientView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await clients.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var client))
                return refusal;
            if (client.RevokedAt is not null)
                return ClientRefusals.AlreadyRevoked;
            var epoch = client.Epoch;
            if ((await rights.OfAsync(client, cancellationToken)).Refused(out refusal, out var role)
                || Change(client, role, command).Refused(out refusal, out _))
                return refusal;

            await clients.ChangedAsync(client, epoch, cancellationToken);
            return ClientView.Of(client);
        }

        private Result<Done> Change(Client client, UsableRole role, Command command)
        {
            if (ClientKey.Read(command.Jwks, command.PublicKeyPem).Refused(out var refusal, out var keys)
                || (keys.Keys.Count > 0 && client.ReplaceKeys(keys.Keys, principal.AsMaker()).Refused(out refusal, out _)))
                return refusal;
            if (command.ExpiresAt.IsPresent && client.Expire(command.ExpiresAt.Value, clock.GetUtcNow()).Refused(out refusal, out _))
                return refusal;
            client.Rename(command.Name.Or(client.Name));
            if (!command.Scopes.IsPresent)
                return default(Done);
            var scopes = command.Scopes.Value?.Distinct(StringComparer.Ordinal).ToArray();
            if (rights.Check(role, scopes, client.OwnerPath).Refused(out refusal, out _))
                return refusal;
            client.Limit(scopes);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapPatch("/{id:guid}", (Guid id, Command body, ISender sender, CancellationToken ct) => sender.Ok(body with { Id = new ClientId(id) }, ct))
        .Slice<Command, ClientView>(nameof(PatchClient), "Changes an OAuth client's name, scopes, end or keys");
}

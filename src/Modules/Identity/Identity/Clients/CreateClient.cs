using System.Text.Json;
using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Clients;

/// <summary>Registers an OAuth client; its secret is shown this once.</summary>
internal static class CreateClient
{
    [Needs(IdentityPermissions.ClientsManage), InPerson]
    public sealed record Command(
        string Name, string Role, OrganizationId? OrganizationId = null, IReadOnlyList<string>? Scopes = null,
        ClientAuthMethod AuthMethod = ClientAuthMethod.ClientSecret, JsonElement? Jwks = null, string? PublicKeyPem = null,
        DateTimeOffset? ExpiresAt = null) : ICommand<RegisteredClientView>;

    /// <summary>The client, and its secret where it has one. The id is what OAuth calls client_id.</summary>
    public sealed record RegisteredClientView(
        ClientId Id, string Name, OrganizationId OrganizationId, string Role, IReadOnlyList<string>? Scopes, ClientAuthMethod AuthMethod,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? SecretId,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret,
        DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Name).NotEmpty().MaximumLength(100);
            RuleFor(x => x.Role).NotEmpty().MaximumLength(CustomRoleName.Longest);
            RuleFor(x => x.Scopes).Scopes();
            RuleFor(x => x.PublicKeyPem).MaximumLength(10_000);
        }
    }

    internal sealed class Handler(
        IdentityDb db, HeldOrganizations organizations, RoleBook roles, ClientRights rights, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, RegisteredClientView>
    {
        public async Task<Result<RegisteredClientView>> Handle(Command command, CancellationToken cancellationToken)
        {
            // Its maker's own, unless another is named.
            var at = command.OrganizationId ?? new OrganizationId(principal.Access.OrganizationId);
            if ((await organizations.FindAsync(at, cancellationToken)).Refused(out var refusal, out var organization)
                || ClientKey.Read(command.Jwks, command.PublicKeyPem).Refused(out refusal, out var keys)
                || (await roles.UsableAsync(command.Role, organization, cancellationToken)).Refused(out refusal, out var role))
                return refusal;

            var wanted = new NewClient(
                command.Name, role, command.Scopes?.Distinct(StringComparer.Ordinal).ToArray(), command.AuthMethod, keys.Keys, command.ExpiresAt);
            if (Client.Register(organization, wanted, principal.AsMaker(), clock.GetUtcNow()).Refused(out refusal, out var registered)
                || rights.Check(role, wanted.Scopes, organization.OwnerPath).Refused(out refusal, out _))
                return refusal;

            var (client, secret) = registered;
            db.Add(client);
            return new RegisteredClientView(
                client.Id, client.Name, client.OrganizationId, client.Role, client.Scopes, client.AuthMethod,
                client.Secrets is [var first] ? first.Id : null, secret, client.CreatedAt, client.ExpiresAt);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/clients/{x.Id.Value}", ct))
        .Slice<Command, RegisteredClientView>(
            nameof(CreateClient), "Registers an OAuth client; its secret is shown this once", StatusCodes.Status201Created)
        .WithMetadata(new CarriesSecret());
}

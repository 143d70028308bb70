using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.ApiKeys;

/// <summary>Makes an API key and shows it this once.</summary>
internal static class CreateApiKey
{
    [Needs(IdentityPermissions.ApiKeysManage)]
    public sealed record Command(string Name, OrganizationId? OrganizationId = null, string? Role = null, DateTimeOffset? ExpiresAt = null)
        : ICommand<IssuedKeyView>;

    public sealed record IssuedKeyView(
        ApiKeyId Id, string Key, string Prefix, string Name, string Role, OrganizationId OrganizationId, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Name).NotEmpty().MaximumLength(100);
    }

    internal sealed class Handler(IdentityDb db, Principal principal, TimeProvider clock) : ICommandHandler<Command, IssuedKeyView>
    {
        public async Task<Result<IssuedKeyView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var at = command.OrganizationId ?? new OrganizationId(principal.Access.OrganizationId);
            // The scope is the whole check against giving more than one has: it reaches no level above the caller's, and a role fits one level.
            var organization = await db.Organizations.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == at, cancellationToken);
            if (organization is null)
                return UserRefusals.UnknownOrganization(at.Value);

            var role = command.Role ?? LeastOf(organization.Kind);
            if (ApiKey.Issue(organization, command.Name, role, command.ExpiresAt, principal.Id, clock.GetUtcNow()).Refused(out var refusal, out var issued))
                return refusal;
            var row = issued.Row;
            db.Add(row);
            return new IssuedKeyView(row.Id, issued.Key, row.Prefix, row.Name, row.Role, row.OrganizationId, row.CreatedAt, row.ExpiresAt);
        }

        // Who names no role gets the weakest of the level.
        private static string LeastOf(OrganizationKind kind) => kind switch
        {
            OrganizationKind.Platform => Roles.PlatformReader,
            OrganizationKind.Distributor => Roles.DistributorReader,
            OrganizationKind.Partner => Roles.PartnerReader,
            _ => Roles.TenantUser,
        };
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/api-keys/{x.Id.Value}", ct))
        .Slice<Command, IssuedKeyView>(nameof(CreateApiKey), "Makes an API key, shown this once", StatusCodes.Status201Created)
        .WithMetadata(new CarriesSecret());
}

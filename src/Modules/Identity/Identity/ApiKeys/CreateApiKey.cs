using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;

namespace Licensing.Identity.ApiKeys;

/// <summary>Makes an API key and shows it this once.</summary>
internal static class CreateApiKey
{
    [Needs(IdentityPermissions.ApiKeysManage), InPerson]
    public sealed record Command(
        string Name, OrganizationId? OrganizationId = null, string? Role = null, IReadOnlyList<string>? Scopes = null,
        DateTimeOffset? ExpiresAt = null) : ICommand<IssuedKeyView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Name).NotEmpty().MaximumLength(100);
            RuleFor(x => x.Role).MaximumLength(CustomRoleName.Longest);
            RuleFor(x => x.Scopes).Scopes();
        }
    }

    internal sealed class Handler(IdentityDb db, HeldOrganizations organizations, RoleBook roles, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, IssuedKeyView>
    {
        public async Task<Result<IssuedKeyView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var at = command.OrganizationId ?? new OrganizationId(principal.Access.OrganizationId);
            if ((await organizations.FindAsync(at, cancellationToken)).Refused(out var refusal, out var organization)
                || (await roles.UsableAsync(command.Role ?? LeastOf(organization.Kind), organization, cancellationToken))
                    .Refused(out refusal, out var role))
                return refusal;
            if (roles.RefusalOf(role, command.Scopes ?? [], organization.OwnerPath) is { } exceeding)
                return exceeding;
            if (ApiKey.Issue(organization, command.Name, role, command.Scopes ?? [], command.ExpiresAt, principal.AsMaker(), clock.GetUtcNow())
                .Refused(out refusal, out var issued))
                return refusal;

            db.Add(issued.Row);
            return IssuedKeyView.Of(issued.Row, issued.Key);
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

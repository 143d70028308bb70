using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Organizations;

/// <summary>Opens a tenant under a partner.</summary>
internal static class CreateTenant
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(
        OrganizationId PartnerId, string ExternalId, string DisplayName, string? LegalName = null, string? Country = null, Currency? Currency = null,
        Contact? Contact = null, BillingAddress? BillingAddress = null, string? TaxId = null,
        NewAdministrator? Administrator = null) : ICommand<OrganizationView>, IOrganizationDetails
    {
        /// <summary>Of the reseller service, where alone they are read.</summary>
        [JsonIgnore]
        public string? Notes { get; init; }
    }

    public sealed class Validator : DetailsValidator<Command>
    {
        public Validator() => RuleFor(x => x.Notes).Notes();
    }

    internal sealed class Handler(OrganizationOpening opening) : ICommandHandler<Command, OrganizationView>
    {
        public Task<Result<OrganizationView>> Handle(Command command, CancellationToken cancellationToken) =>
            opening.OpenAsync(OrganizationKind.Tenant, command.PartnerId, "partnerId", command, cancellationToken);
    }

    public static void Map(RouteGroupBuilder organizations) => organizations
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/tenants/{x.Id.Value}", ct))
        .Slice<Command, OrganizationView>(nameof(CreateTenant), "Opens a tenant", StatusCodes.Status201Created);
}

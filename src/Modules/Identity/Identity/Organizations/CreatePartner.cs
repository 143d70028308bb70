using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Organizations;

/// <summary>Opens a partner under a distributor.</summary>
internal static class CreatePartner
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(
        OrganizationId DistributorId, string ExternalId, string DisplayName, string? LegalName = null, string? Country = null,
        Currency? Currency = null, Contact? Contact = null, BillingAddress? BillingAddress = null, string? TaxId = null,
        NewAdministrator? Administrator = null) : ICommand<OrganizationView>, IOrganizationDetails;

    public sealed class Validator : DetailsValidator<Command>;

    internal sealed class Handler(OrganizationOpening opening) : ICommandHandler<Command, OrganizationView>
    {
        public Task<Result<OrganizationView>> Handle(Command command, CancellationToken cancellationToken) =>
            opening.OpenAsync(OrganizationKind.Partner, command.DistributorId, "distributorId", command, cancellationToken);
    }

    public static void Map(RouteGroupBuilder organizations) => organizations
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/partners/{x.Id.Value}", ct))
        .Slice<Command, OrganizationView>(nameof(CreatePartner), "Opens a partner", StatusCodes.Status201Created);
}

using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Organizations;

internal sealed record OrganizationView(
    OrganizationId Id, int Code, OrganizationKind Kind, OrganizationId? ParentId, string ExternalId, string DisplayName, string? LegalName,
    string Country, Currency Currency, string? TaxId, Contact? Contact, BillingAddress? BillingAddress, OrganizationStatus Status,
    string? StatusReason, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<Organization, OrganizationView>> Shape { get; } = x => new OrganizationView(
        x.Id, x.Code, x.Kind, x.ParentId, x.ExternalId, x.DisplayName, x.LegalName, x.Country, x.Currency, x.TaxId, x.Contact, x.BillingAddress,
        x.Status, x.StatusReason, x.CreatedAt, x.Version);

    private static readonly Func<Organization, OrganizationView> Shaped = Shape.Compile();

    public static OrganizationView Of(Organization organization) => Shaped(organization);
}

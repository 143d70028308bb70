using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>What this door is told of a customer beside what an organisation is.</summary>
internal sealed class CustomerProfile : IOwned
{
    public OrganizationId TenantId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Industry { get; private init; } = "";
    public string Language { get; private init; } = "";

    public static CustomerProfile Of(OrganizationRef tenant, string industry, string language) =>
        new() { TenantId = tenant.Id, OwnerPath = tenant.Path, Industry = industry, Language = language };

    public sealed class Mapping : IEntityTypeConfiguration<CustomerProfile>
    {
        public void Configure(EntityTypeBuilder<CustomerProfile> builder) => builder.ToTable("customer_profiles").HasKey(x => x.TenantId);
    }
}

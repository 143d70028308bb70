using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Data;

internal sealed class OrganizationMapping : IEntityTypeConfiguration<Organization>
{
    public void Configure(EntityTypeBuilder<Organization> builder)
    {
        builder.ToTable("organizations").HasKey(x => x.Id);
        builder.Property(x => x.Contact).IsJson();
        builder.Property(x => x.BillingAddress).IsJson();
    }
}

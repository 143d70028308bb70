using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Clients;

internal sealed class ClientMapping : IEntityTypeConfiguration<Client>
{
    public void Configure(EntityTypeBuilder<Client> builder)
    {
        builder.ToTable("clients").HasKey(x => x.Id);
        builder.Property(x => x.Secrets).IsJson();
        builder.Property(x => x.Keys).IsJson();
    }
}

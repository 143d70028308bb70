using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Plans;

/// <summary>One published state of a plan. The database refuses to change it.</summary>
internal sealed class PlanVersion
{
    public PlanVersionId Id { get; private init; }
    public PlanId PlanId { get; private init; }
    public required string PlanKey { get; init; }
    public int Number { get; private init; }
    public required string Name { get; init; }
    public required string Product { get; init; }
    public required Currency Currency { get; init; }
    public required IReadOnlyList<PlanCharge> Charges { get; init; }
    public bool UsesPriceLists { get; private init; }
    public int TrialDays { get; private init; }
    public required PlanTermsRef Terms { get; init; }
    public DateTimeOffset PublishedAt { get; private init; }

    public static PlanVersion Of(Plan plan, PlanTerms terms, int number, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.New<PlanVersionId>(now),
        PlanId = plan.Id,
        PlanKey = plan.Key,
        Number = number,
        Name = terms.Name,
        Product = plan.Product,
        Currency = plan.Currency,
        Charges = terms.Charges,
        UsesPriceLists = terms.UsesPriceLists,
        TrialDays = terms.TrialDays,
        Terms = terms.Terms,
        PublishedAt = now,
    };

    public PlanVersionRef ToRef() => new(Id, PlanId, PlanKey, Number, Name, Product, Currency, Charges, UsesPriceLists, TrialDays, Terms);

    public sealed class Mapping : IEntityTypeConfiguration<PlanVersion>
    {
        public void Configure(EntityTypeBuilder<PlanVersion> builder)
        {
            builder.ToTable("plan_versions").HasKey(x => x.Id);
            builder.Property(x => x.Charges).IsJson();
            builder.Property(x => x.Terms).IsJson();
        }
    }
}

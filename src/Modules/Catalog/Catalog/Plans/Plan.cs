using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Plans;

internal enum PlanStatus { Draft, Published, Retired }

/// <summary>What a version of a plan says; a draft until it is published.</summary>
internal sealed record PlanTerms(string Name, IReadOnlyList<PlanCharge> Charges, bool UsesPriceLists, int TrialDays)
{
    /// <summary>The defaults in drafts that were stored without.</summary>
    public PlanTermsRef Terms { get; init; } = new();
}

internal sealed record PublishedVersion(PlanVersionId Id, int Number, DateTimeOffset PublishedAt);

/// <summary>An offer of a product. It has at most one draft; publishing turns it into the next version, which never changes.</summary>
internal sealed class Plan : IVersioned
{
    public PlanId Id { get; private init; }
    public required string Key { get; init; }
    public string Name { get; private set; } = "";
    public required string Product { get; init; }
    public required Currency Currency { get; init; }
    public PlanStatus Status { get; private set; }
    public PlanTerms? Draft { get; private set; }
    public IReadOnlyList<PublishedVersion> Versions { get; private set; } = [];
    public PlanVersionId? CurrentVersionId { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static Plan Create(string key, string product, Currency currency, PlanTerms draft, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.New<PlanId>(now),
        Key = key,
        Name = draft.Name,
        Product = product,
        Currency = currency,
        Status = PlanStatus.Draft,
        Draft = draft,
        CreatedAt = now,
        Version = 1,
    };

    /// <summary>Changes the draft, or opens one from <paramref name="draft"/> beside the published version.</summary>
    public Result<Done> Redraft(PlanTerms draft)
    {
        if (Status is PlanStatus.Retired)
            return PlanRefusals.Retired;

        Draft = draft;
        if (Versions.Count == 0)
            Name = draft.Name;
        return new Done();
    }

    public Result<PlanVersion> Publish(DateTimeOffset now)
    {
        if (Status is PlanStatus.Retired)
            return PlanRefusals.Retired;
        if (Draft is not { } draft)
            return PlanRefusals.NothingToPublish;
        if (TermRules.Windows(draft.Terms).ToList() is { Count: > 0 } errors)
            return Refusal.AllFields(errors);

        var version = PlanVersion.Of(this, draft, Versions.Count + 1, now);
        (Draft, Name, Status, CurrentVersionId) = (null, draft.Name, PlanStatus.Published, version.Id);
        Versions = [.. Versions, new PublishedVersion(version.Id, version.Number, now)];
        return version;
    }

    /// <summary>No new subscriptions; those that exist keep their version.</summary>
    public Result<Done> Retire()
    {
        if (Status is PlanStatus.Retired)
            return PlanRefusals.Retired;

        (Status, Draft) = (PlanStatus.Retired, null);
        return new Done();
    }

    public sealed class Mapping : IEntityTypeConfiguration<Plan>
    {
        public void Configure(EntityTypeBuilder<Plan> builder)
        {
            builder.ToTable("plans").HasKey(x => x.Id);
            builder.Property(x => x.Draft).IsJson();
            builder.Property(x => x.Versions).IsJson();
        }
    }
}

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

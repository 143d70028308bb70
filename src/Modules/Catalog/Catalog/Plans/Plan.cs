using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.Plans;

internal enum PlanStatus { Draft, Published, Retired }

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

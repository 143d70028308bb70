using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Licenses;

internal enum LicenseStatus { ToBeActivated, Active, TrialActivated, Expired, Renewed, Cancelled }

/// <summary>
/// A licence as it was sold: what it is of and what was paid stay, whatever the catalogue says later. Its status follows from its days, so that
/// nothing has to tick for it to be true.
/// </summary>
internal sealed class License : IOwned, IVersioned
{
    public const int DemoDays = 30;

    /// <summary>Of one customer, ever; the database keeps to the same number (<c>demo_counts_cap</c>).</summary>
    public const int MostDemos = 2;

    private License()
    {
    }

    public LicenseId Id { get; private init; }
    public OrganizationId TenantId { get; private init; }
    public string OwnerPath { get; private init; } = "";

    /// <summary>Whose credit paid for it, and to whom that goes back.</summary>
    public OrganizationId PartnerId { get; private init; }
    public string Code { get; private init; } = "";
    public int LicenseVersion { get; private init; }
    public string Quantity { get; private init; } = "";
    public int? Users { get; private init; }
    public IReadOnlyDictionary<string, string> Names { get; private init; } = new Dictionary<string, string>();

    /// <summary>What it is for, such as an office.</summary>
    public string? Info { get; private init; }
    public bool Demo { get; private init; }

    /// <summary>Null for demos, which cost nothing.</summary>
    public Money? Price => Currency is { } currency ? new Money(Amount, currency) : null;
    public decimal Points { get; private init; }
    public int? DurationMonths { get; private init; }
    public int? DurationDays { get; private init; }

    /// <summary>
    /// The first day of the first licence of a chain of renewals, from which the ends of all are counted: 31 Jan → 28 Feb → 31 Mar.
    /// </summary>
    public DateOnly? AnchorOn { get; private set; }

    /// <summary>The months of the chain before this licence.</summary>
    public int AnchorMonths { get; private init; }
    public DateOnly? StartsOn { get; private set; }

    /// <summary>The first day that is not its own.</summary>
    public DateOnly? EndsOn { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset? CancelledAt { get; private set; }
    public LicenseId? RenewsId { get; private init; }
    public LicenseId? RenewedById { get; private set; }
    public int Version { get; private set; }

    /// <summary>By which its money is known in the ledger.</summary>
    public string CreditKey => $"license:{Id.Value}";

    // The columns of its price.
    private decimal Amount { get; init; }
    private Currency? Currency { get; init; }

    public static License Assign(LicenseId id, OrganizationRef tenant, LicenseEditionRef edition, Money price, string info, DateTimeOffset now) =>
        Of(id, tenant, edition, price, info, null, now);

    /// <summary>A free trial; its clock starts at once.</summary>
    public static License Try(LicenseId id, OrganizationRef tenant, LicenseEditionRef edition, DateOnly today, DateTimeOffset now)
    {
        var license = Of(id, tenant, edition, null, null, null, now);
        (license.AnchorOn, license.StartsOn, license.EndsOn) = (today, today, today.AddDays(DemoDays));
        return license;
    }

    public LicenseStatus StatusOn(DateOnly day) =>
        CancelledAt is not null ? LicenseStatus.Cancelled
        : RenewedById is not null ? LicenseStatus.Renewed
        : StartsOn is null || day < StartsOn ? LicenseStatus.ToBeActivated
        : day >= EndsOn ? LicenseStatus.Expired
        : Demo ? LicenseStatus.TrialActivated
        : LicenseStatus.Active;

    public Result<LicenseActivated> Activate(DateOnly today)
    {
        if (StatusOn(today) is not LicenseStatus.ToBeActivated)
            return LicenseRefusals.NotToBeActivated(StatusOn(today));
        if (StartsOn is { } planned)
            return LicenseRefusals.StartsByItself(planned);
        (AnchorOn, StartsOn, EndsOn) = (today, today, today.AddMonths(DurationMonths!.Value));
        return new LicenseActivated(Id, TenantId, today, EndsOn.Value);
    }

    /// <summary>Ends it for good. Its credit is to be given back where its clock never started.</summary>
    public Result<LicenseCancelled> Cancel(DateOnly today, DateTimeOffset now)
    {
        var status = StatusOn(today);
        if (status is not (LicenseStatus.ToBeActivated or LicenseStatus.Active or LicenseStatus.TrialActivated))
            return LicenseRefusals.NotCancellable(status);
        CancelledAt = now;
        return new LicenseCancelled(Id, TenantId, status is LicenseStatus.ToBeActivated, now);
    }

    /// <summary>The successor: it starts when this one ends, and this one is renewed.</summary>
    public Result<License> Renew(LicenseId id, OrganizationRef tenant, LicenseEditionRef edition, Money price, DateOnly today, DateTimeOffset now)
    {
        if (StatusOn(today) is not LicenseStatus.Active)
            return LicenseRefusals.NotRenewable(StatusOn(today));
        var successor = Of(id, tenant, edition, price, Info, this, now);
        (successor.AnchorOn, successor.StartsOn) = (AnchorOn, EndsOn);
        successor.EndsOn = AnchorOn!.Value.AddMonths(successor.AnchorMonths + successor.DurationMonths!.Value);
        RenewedById = id;
        return successor;
    }

    /// <summary>The successor was called back before its first day, so this one is what it was and may be renewed again.</summary>
    public void NotRenewed() => RenewedById = null;

    private static License Of(
        LicenseId id, OrganizationRef tenant, LicenseEditionRef edition, Money? price, string? info, License? before, DateTimeOffset now) => new()
        {
            Id = id,
            TenantId = tenant.Id,
            OwnerPath = tenant.Path,
            PartnerId = tenant.ParentId!.Value,
            Code = edition.Code,
            LicenseVersion = edition.LicenseVersion,
            Quantity = edition.Quantity,
            Users = edition.Users,
            Names = edition.Names,
            Info = info,
            Demo = price is null,
            Amount = price?.Amount ?? 0,
            Currency = price?.Currency,
            Points = price is null ? 0 : edition.Points,
            DurationMonths = price is null ? null : edition.DurationMonths,
            DurationDays = price is null ? DemoDays : null,
            AnchorMonths = before is null ? 0 : before.AnchorMonths + before.DurationMonths!.Value,
            RenewsId = before?.Id,
            CreatedAt = now,
            Version = 1,
        };

    public sealed class Mapping : IEntityTypeConfiguration<License>
    {
        public void Configure(EntityTypeBuilder<License> builder)
        {
            builder.ToTable("licenses").HasKey(x => x.Id);
            builder.Property(x => x.Names).IsJson();
            builder.Property(x => x.Amount);
            builder.Property(x => x.Currency);
            builder.Ignore(x => x.CreditKey);
            // Said so that a successor is written before its predecessor names it.
            builder.HasOne<License>().WithMany().HasForeignKey(x => x.RenewedById);
        }
    }
}

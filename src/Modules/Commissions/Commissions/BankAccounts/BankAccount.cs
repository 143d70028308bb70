using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.BankAccounts;

/// <summary>Where an organisation is paid; the platform's own is where payments come from.</summary>
internal sealed class BankAccount : IOwned, IVersioned
{
    public OrganizationId OrganizationId { get; init; }
    public required string OwnerPath { get; init; }
    public required string Holder { get; set; }

    /// <summary>The trail tells that it changed, not what it is.</summary>
    [Secret]
    public required string Iban { get; set; }

    public string? Bic { get; set; }
    public DateTimeOffset ChangedAt { get; set; }
    public int Version { get; init; } = 1;

    internal sealed class Table : IEntityTypeConfiguration<BankAccount>
    {
        public void Configure(EntityTypeBuilder<BankAccount> builder) => builder.ToTable("bank_accounts").HasKey(x => x.OrganizationId);
    }
}

/// <param name="Iban">Country and last four digits; the whole is in payment orders alone.</param>
internal sealed record BankAccountView(
    OrganizationId OrganizationId, string Holder, string Iban, string? Bic, DateTimeOffset ChangedAt,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IVersioned
{
    public static BankAccountView Of(BankAccount x) =>
        new(x.OrganizationId, x.Holder, BankAccounts.Iban.Masked(x.Iban), x.Bic, x.ChangedAt, x.Version);
}

internal static class BankAccountRefusals
{
    public static Refusal NotFound(OrganizationId id) =>
        new(RefusalKind.NotFound, "bank_account_not_found", $"Organisation {id.Value} has no bank account.");

    public static Refusal NoOrganization(OrganizationId id) =>
        new(RefusalKind.NotFound, "organization_not_found", $"There is no organisation {id.Value}.");

    public static Refusal SetMeanwhile { get; } = new(
        RefusalKind.Conflict, "bank_account_set_meanwhile",
        "Somebody else has just said where this organisation is paid; look at it, and say it again.");

    public static Refusal NotPaid { get; } = Refusal.Field(
        "/organizationId", "earns_no_commission", "Only the platform, distributors and partners have bank accounts here.");
}

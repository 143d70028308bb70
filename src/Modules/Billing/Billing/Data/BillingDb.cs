using Licensing.Billing.Coupons;
using Licensing.Billing.Credit;
using Licensing.Billing.Invoices;
using Licensing.Billing.Ledger;
using Licensing.Billing.Runs;
using Licensing.Billing.Taxes;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Data;

internal sealed class BillingDb(DbContextOptions<BillingDb> options) : ModuleDb(options)
{
    public override string Schema => "billing";

    public DbSet<BillingRun> Runs => Set<BillingRun>();

    public DbSet<Invoice> Invoices => Set<Invoice>();

    public DbSet<InvoiceLine> Lines => Set<InvoiceLine>();

    public DbSet<Payment> Payments => Set<Payment>();

    public DbSet<CreditNote> CreditNotes => Set<CreditNote>();

    public DbSet<CreditNoteLine> CreditNoteLines => Set<CreditNoteLine>();

    public DbSet<LedgerAccount> LedgerAccounts => Set<LedgerAccount>();

    public DbSet<LedgerTransaction> LedgerTransactions => Set<LedgerTransaction>();

    public DbSet<LedgerEntry> LedgerEntries => Set<LedgerEntry>();

    public DbSet<CreditLot> CreditLots => Set<CreditLot>();

    public DbSet<CreditThreshold> CreditThresholds => Set<CreditThreshold>();

    public DbSet<CreditAlert> CreditAlerts => Set<CreditAlert>();

    public DbSet<TopUpRule> TopUpRules => Set<TopUpRule>();

    public DbSet<CouponOffer> Coupons => Set<CouponOffer>();

    public DbSet<CouponRedemption> CouponRedemptions => Set<CouponRedemption>();

    public DbSet<GrantedCredit> Credits => Set<GrantedCredit>();

    public DbSet<CountryTaxRate> TaxRates => Set<CountryTaxRate>();
}

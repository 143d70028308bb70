using Licensing.Billing.Activity;
using Licensing.Billing.Contracts;
using Licensing.Billing.Coupons;
using Licensing.Billing.Credit;
using Licensing.Billing.Data;
using Licensing.Billing.Documents;
using Licensing.Billing.Exports;
using Licensing.Billing.Invoices;
using Licensing.Billing.Ledger;
using Licensing.Billing.Pricing;
using Licensing.Billing.Reseller;
using Licensing.Billing.Runs;
using Licensing.Billing.Settlement;
using Licensing.Billing.Summaries;
using Licensing.Billing.Taxes;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Billing;

/// <summary>Everything the host may know about this module.</summary>
public static class BillingModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddBilling()
        {
            host.AddModule<BillingDb>("billing", BillingPermissions.All)
                .On<BillingRunContinued, ContinueBillingRun>()
                .OnConstraint("invoices_one_per_tenant_and_period", InvoiceRefusals.BilledAlready)
                .OnConstraint("invoice_lines_billed_once", InvoiceRefusals.BilledAlready)
                .OnConstraint("invoice_lines_adjusted_once", InvoiceRefusals.BilledAlready)
                .OnConstraint("payments_once", InvoiceRefusals.PaymentReferenceUsed)
                .OnConstraint("payments_reversed_once", InvoiceRefusals.PaymentReversedAlready)
                .OnConstraint("tax_rates_one_per_day", TaxRefusals.SetAlready)
                .On<CreditLapseDue, LapseWhenDue>()
                .On<TopUpDue, TopUpWhenDue>()
                .On<CreditLow, MailWhenCreditLow>()
                .On<TenantTransferred, MoveCreditWhenTransferred>()
                .OnConstraint("ledger_transactions_once", LedgerRefusals.DoneAlready)
                .On<TenantTransferred, MoveReductionsWhenTransferred>()
                .On<TenantTransferred, MoveTaxRatesWhenTransferred>()
                .On<SubscriptionActivated, NoteWhenActivated>()
                .On<SubscriptionCancelled, NoteWhenCancelled>()
                .OnConstraint("coupons_code", CouponRefusals.CodeTaken)
                .OnConstraint("coupon_redemptions_once", CouponRefusals.RedeemedAlready)
                .OnConstraint("credits_reference", CouponRefusals.ReferenceUsed)
                .Ops(RunsAtTerminal.Run)
                .Ops(RunsAtTerminal.Status)
                .Ops(VerifyLedger.Ops)
                .Ops(VerifyJournal.Ops)
                .Ops(ExportLedger.Ops)
                .Ops(ExportFocus.Ops)
                .Ops(PriceAtTerminal.Ops);
            host.AddRuns();
            host.Services.AddScoped<RatingSources>();
            host.Services.AddScoped<AccountBalances>();
            host.Services.AddScoped<ReductionOwners>();
            host.Services.AddScoped<InvoiceIssuing>();
            host.Services.AddSingleton(host.Configuration.GetSection("Billing:Invoices").Get<InvoiceSettings>() ?? new InvoiceSettings());
            host.Services.AddScoped<DocumentSnapshots>();
            host.Services.AddScoped<PresentTaxIds>();
            host.Services.AddScoped<CreditNoteIssuing>();
            host.Services.AddScoped<PaymentBook>();
            host.Services.AddScoped<InvoiceCredit>();
            host.Services.AddScoped<InvoiceSearch>();
            host.Services.AddScoped<InvoicedAmounts>();
            host.Services.AddScoped<IInvoicedAmounts>(services => services.GetRequiredService<InvoicedAmounts>());
            host.Services.AddScoped<IBillingProgress>(services => services.GetRequiredService<InvoicedAmounts>());
            host.Services.AddScoped<BilledAmounts>();
            host.Services.AddSingleton<SummaryMemory>();
            host.Services.AddScoped<LedgerAccounts>();
            host.Services.AddScoped<HeldAccounts>();
            host.Services.AddScoped<LedgerWriter>();
            host.Services.AddScoped<CreditWatch>();
            host.Services.AddScoped<CreditTransfers>();
            host.Services.AddScoped<MovementSearch>();
            host.Services.AddScoped<CreditSpending>();
            host.Services.AddScoped<CreditLedger>();
            host.Services.AddScoped<IPrepaidCredit>(services => services.GetRequiredService<CreditLedger>());
            host.Services.AddSingleton<VerifyLedger>();
            host.Services.AddSingleton<VerifyJournal>();
            host.Services.AddScoped<JournalExport>();
            host.Services.AddScoped<ICommissionJournal, CommissionJournal>();
            host.Services.AddScoped<Estimates>();
            host.Services.AddScoped<ChargedLines>();
            host.Services.AddScoped<ChargedParts>();
            host.Services.AddScoped<ActivityNames>();
            host.Services.AddScoped<FocusRows>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapBilling()
        {
            var billing = routes.MapGroup("/api/v1/billing").WithTags("Billing");
            RunsArea.Map(billing);
            GetBillingSummary.Map(billing);

            var coupons = billing.MapGroup("/coupons");
            CreateCoupon.Map(coupons);
            ListCoupons.Map(coupons);
            GetCoupon.Map(coupons);
            RedeemCoupon.Map(coupons);
            ListRedemptions.Map(coupons);
            var credits = billing.MapGroup("/credits");
            GrantCredit.Map(credits);
            ListCredits.Map(credits);

            var invoices = routes.MapGroup("/api/v1/invoices").WithTags("Billing");
            ListInvoices.Map(invoices);
            GetInvoice.Map(invoices);
            ListInvoiceLines.Map(invoices);
            IssueInvoice.Map(invoices);
            RecordPayment.Map(invoices);
            PayFromCredit.Map(invoices);
            ReversePayment.Map(invoices);
            ListPayments.Map(invoices);
            VoidInvoice.Map(invoices);
            IssueCreditNote.Map(invoices);
            ListCreditNotes.Map(invoices);
            GetCreditNote.Map(invoices);
            ListCreditNoteLines.Map(invoices);

            ListDailyRows.Map(billing);
            ListChargeableActivity.Map(routes.MapGroup("/api/v1/usage").WithTags("Usage"));
            var exports = routes.MapGroup("/api/v1/exports").WithTags("Billing");
            ExportLedger.Map(exports);
            ExportFocus.Map(exports);

            var rates = routes.MapGroup("/api/v1/tax-rates").WithTags("Billing");
            SetTaxRate.Map(rates);
            ListTaxRates.Map(rates);

            var credit = routes.MapGroup("/api/v1/credit").WithTags("Billing");
            ListCredit.Map(credit);
            ListMovements.Map(credit);
            ListLots.Map(credit);
            TopUpCredit.Map(credit);
            DebitCredit.Map(credit);
            DebitMany.Map(credit);
            GetDebit.Map(credit);
            ReverseDebit.Map(credit);
            TransferCredit.Map(credit);
            SetCreditThreshold.Map(credit);
            ListCreditThresholds.Map(credit);
            DeleteCreditThreshold.Map(credit);
            ListCreditAlerts.Map(credit);
            SetTopUpRule.Map(credit);
            ListTopUpRules.Map(credit);
            DeleteTopUpRule.Map(credit);

            CalculatePrice.Map(routes.MapGroup("/api/v1/pricing").WithTags("Billing"));

            GetAccount.Map(routes);
            SearchAccounts.Map(routes);
            AddCreditToAccount.Map(routes);
            GetCreditBalance.Map(routes);
            GetCreditMovements.Map(routes);
            TransferAccountCredit.Map(routes);
            GetChargeableActivityReport.Map(routes);
        }
    }
}

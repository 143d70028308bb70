using Licensing.Billing.Contracts;
using Licensing.Billing.Coupons;
using Licensing.Billing.Credit;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Billing.Ledger;
using Licensing.Billing.Pricing;
using Licensing.Billing.Runs;
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
                .OnConstraint("tax_rates_one_per_day", TaxRefusals.SetAlready)
                .On<CreditLapseDue, LapseWhenDue>()
                .OnConstraint("ledger_transactions_once", LedgerRefusals.DoneAlready)
                .On<TenantTransferred, MoveReductionsWhenTransferred>()
                .OnConstraint("coupons_code", CouponRefusals.CodeTaken)
                .OnConstraint("coupon_redemptions_once", CouponRefusals.RedeemedAlready)
                .OnConstraint("credits_reference", CouponRefusals.ReferenceUsed)
                .Ops(VerifyLedger.Ops)
                .Ops(PriceAtTerminal.Ops);
            host.Services.AddSingleton(host.Configuration.GetSection("Billing").Get<BillingSettings>() ?? new BillingSettings());
            host.Services.AddScoped<BillingChunks>();
            host.Services.AddScoped<RatingSources>();
            host.Services.AddScoped<ReductionOwners>();
            host.Services.AddScoped<InvoiceWriter>();
            host.Services.AddScoped<InvoiceIssuing>();
            host.Services.AddScoped<InvoicedAmounts>();
            host.Services.AddScoped<IInvoicedAmounts>(services => services.GetRequiredService<InvoicedAmounts>());
            host.Services.AddScoped<IBillingProgress>(services => services.GetRequiredService<InvoicedAmounts>());
            host.Services.AddScoped<BilledAmounts>();
            host.Services.AddScoped<CreditLedger>();
            host.Services.AddScoped<IPrepaidCredit>(services => services.GetRequiredService<CreditLedger>());
            host.Services.AddSingleton<VerifyLedger>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapBilling()
        {
            var billing = routes.MapGroup("/api/v1/billing").WithTags("Billing");
            StartBillingRun.Map(billing);
            GetBillingSummary.Map(billing);

            var coupons = billing.MapGroup("/coupons");
            CreateCoupon.Map(coupons);
            ListCoupons.Map(coupons);
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

            var rates = routes.MapGroup("/api/v1/tax-rates").WithTags("Billing");
            SetTaxRate.Map(rates);
            ListTaxRates.Map(rates);

            var credit = routes.MapGroup("/api/v1/credit").WithTags("Billing");
            ListCredit.Map(credit);
            ListMovements.Map(credit);
            TopUpCredit.Map(credit);

            CalculatePrice.Map(routes.MapGroup("/api/v1/pricing").WithTags("Billing"));
        }
    }
}

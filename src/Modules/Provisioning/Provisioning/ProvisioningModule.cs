using Licensing.Identity.Contracts;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.EntitlementChecks;
using Licensing.Provisioning.Licenses;
using Licensing.Provisioning.Numbers;
using Licensing.Provisioning.Quotas;
using Licensing.Provisioning.Reseller;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Signed;
using Licensing.Provisioning.Subscriptions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Provisioning;

/// <summary>Everything the host may know about this module.</summary>
public static class ProvisioningModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddProvisioning()
        {
            var module = host.AddModule<ProvisioningDb>("provisioning", ProvisioningPermissions.All)
                .On<SubscriptionDue, ActivateWhenDue>()
                .On<PlanChangeDue, ChangePlanWhenDue>()
                .On<TermDue, RenewWhenDue>()
                .On<TenantTransferred, MoveWhenTransferred>()
                .On<DeletionDue, DeleteWhenDue>()
                .On<LicenseStartDue, TellWhenLicenseStarts>()
                .On<LicenseEndDue, TellWhenLicenseEnds>()
                .On<NumberQuarantineDue, EndQuarantineWhenDue>()
                .On<TenantTransferred, MoveNumbersWhenTransferred>()
                .Ops(ImportNumbersAtTerminal.Ops)
                .Ops(ListNumbersAtTerminal.Ops)
                .OnConstraint("inbound_number_holdings_open", NumberRefusals.HeldAtOnce)
                .OnConstraint("licenses_renewed_once", LicenseRefusals.RenewedAlready)
                .OnConstraint("deletions_pending", SignedRefusals.Race)
                .OnConstraint("quota_requests_pending", QuotaRefusals.Pending)
                .OnConstraint("subscription_history_once", SubscriptionRefusals.ConcurrentTermEnd)
                .OnConstraint("subscriptions_reference", SubscriptionRefusals.ReferenceTaken);
            module.Services.AddSingleton(
                (host.Configuration.GetSection("Provisioning").Get<ProvisioningSettings>() ?? new ProvisioningSettings()).Checked());
            module.Services.AddScoped<Opening>();
            module.Services.AddScoped<Prerequisites>();
            module.Services.AddSingleton<EntitlementReads>();
            module.Services.AddScoped<HeldSubscriptions>();
            module.Services.AddSingleton<Dialect, SignedDialect>();
            module.Services.AddSingleton<Dialect, CustomerAreaDialect>();
            module.Services.AddScoped<SeatChanging>();
            module.Services.AddScoped<SignedTenants>();
            module.Services.AddScoped<SeatsOfMany>();
            module.Services.AddSingleton<SeatsOfMany.Query>();
            module.Services.AddSingleton<UsedTokens>();
            module.Services.AddSingleton<IChore>(services => services.GetRequiredService<UsedTokens>());
            module.Services.AddSingleton<IAuthenticator, SignedAuthenticator>();
            module.Services.AddScoped<ISubscriptionDirectory, SubscriptionDirectory>();
            module.Services.AddScoped<ISubscriptionQuotas, SubscriptionQuotas>();
            module.Services.AddScoped<IHoldsOrganization, LiveSubscriptions>();
            module.Services.AddScoped<IForbidsTransfer, UntransferableSubscriptions>();
            module.Services.AddScoped<IHoldsOrganization, LiveLicenses>();
            module.Services.AddScoped<IHoldsOrganization, LiveNumbers>();
            module.Services.AddScoped<NumberPool>();
            module.Services.AddScoped<FreeNumbers>();
            module.Services.AddScoped<IInboundNumbers, InboundNumbers>();
            module.Services.AddScoped<CustomerLicenses>();
            module.Services.AddScoped<Notices>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapProvisioning()
        {
            var subscriptions = routes.MapGroup("/api/v1/subscriptions").WithTags("Provisioning");
            CreateSubscription.Map(subscriptions);
            CreateSubscriptions.Map(subscriptions);
            ChangeQuantities.Map(subscriptions);
            SuspendSubscription.Map(subscriptions);
            ResumeSubscription.Map(subscriptions);
            CancelSubscription.Map(subscriptions);
            UndoCancellation.Map(subscriptions);
            ChangeSubscriptionPlan.Map(subscriptions);
            RenewSubscription.Map(subscriptions);
            WithdrawChange.Map(subscriptions);
            ListSubscriptions.Map(subscriptions);
            GetSubscription.Map(subscriptions);
            ListSubscriptionHistory.Map(subscriptions);

            GetQuotas.Map(subscriptions);

            var quotaRequests = routes.MapGroup("/api/v1/quota-requests").WithTags("Provisioning");
            RequestQuota.Map(quotaRequests);
            ListQuotaRequests.Map(quotaRequests);
            GetQuotaRequest.Map(quotaRequests);
            ApproveQuotaRequest.Map(quotaRequests);
            RefuseQuotaRequest.Map(quotaRequests);

            var licensing = routes.MapGroup("/api/v1/licensing").WithTags("Provisioning");
            GetSeats.Map(licensing);
            ChangeSeats.Map(licensing);
            RecoverLicenses.Map(licensing);
            UpdateLicenses.Map(routes);
            DeleteLicenses.Map(routes);

            var entitlements = routes.MapGroup("/api/v1/entitlements").WithTags("Provisioning");
            CheckEntitlement.Map(entitlements);
            SignEntitlements.Map(entitlements);

            var licenses = routes.MapGroup("/api/v1/licenses").WithTags("Provisioning");
            ListLicenses.Map(licenses);
            GetLicense.Map(licenses);

            var numbers = routes.MapGroup("/api/v1/numbers").WithTags("Provisioning");
            LoadNumber.Map(numbers);
            ImportNumbers.Map(numbers);
            ListNumbers.Map(numbers);
            SearchNumbers.Map(numbers);
            GetNumber.Map(numbers);
            ListNumberHistory.Map(numbers);
            AllocateNumbers.Map(numbers);
            ReleaseNumber.Map(numbers);
            WithdrawNumber.Map(numbers);

            ListAvailableLicenses.Map(routes);
            AssignDemoLicense.Map(routes);
            AssignLicense.Map(routes);
            ActivateLicense.Map(routes);
            CancelLicense.Map(routes);
            RenewLicense.Map(routes);
            ListCustomerLicenses.Map(routes);
            GetCredit.Map(routes);
            OpenCustomer.Map(routes);
            SetCustomerPassword.Map(routes);
            ListCustomers.Map(routes);
            GetCustomer.Map(routes);
            GetLoginToken.Map(routes);
            ListDirectories.Map(routes);
            SearchAvailableNumbers.Map(routes);
            AllocateInboundNumber.Map(routes);
            ReleaseInboundNumber.Map(routes);
            GetInboundNumbers.Map(routes);
        }
    }
}

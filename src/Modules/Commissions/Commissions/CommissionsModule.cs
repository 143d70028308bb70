using Licensing.Commissions.BankAccounts;
using Licensing.Commissions.Data;
using Licensing.Commissions.PaymentOrders;
using Licensing.Commissions.Payouts;
using Licensing.Commissions.Schemes;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Commissions;

/// <summary>Everything the host may know about this module.</summary>
public static class CommissionsModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddCommissions()
        {
            host.AddModule<CommissionsDb>("commissions", CommissionsPermissions.All)
                .OnConstraint("schemes_one_per_month", SchemeRefusals.SetAlready)
                .OnConstraint("bank_accounts_pkey", BankAccountRefusals.SetMeanwhile)
                .Ops(PaymentsAtTerminal.Order);
            host.Services.AddScoped<IHoldsOrganization, OpenPayouts>();
            host.Services.AddScoped<IHoldsOrganization, CarriedCommissions>();
            host.Services.AddScoped<PeriodCommissions>();
            host.Services.AddSingleton<CloseProbe>();
            host.Services.AddScoped<StatementWriter>();
            host.Services.AddScoped<StatedCommissions>();
            host.Services.AddScoped<ExchangeRateBook>();
            host.Services.AddScoped<CommissionBooks>();
            host.Services.AddScoped<LeftOutPayouts>();
            host.Services.AddScoped<SeenPayouts>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapCommissions()
        {
            var commissions = routes.MapGroup("/api/v1/commissions").WithTags("Commissions");
            GetCommissionSummary.Map(commissions);
            CloseCommissions.Map(commissions);
            ListClosings.Map(commissions);

            var schemes = commissions.MapGroup("/schemes");
            CreateScheme.Map(schemes);
            PreviewScheme.Map(schemes);
            ListSchemes.Map(schemes);
            GetScheme.Map(schemes);

            var statements = commissions.MapGroup("/statements");
            ListStatements.Map(statements);
            GetStatement.Map(statements);
            ListStatementLines.Map(statements);
            SettleCarried.Map(statements);

            var payouts = commissions.MapGroup("/payouts");
            ListPayouts.Map(payouts);
            GetPayout.Map(payouts);
            PayPayout.Map(payouts);
            FailPayout.Map(payouts);

            var orders = commissions.MapGroup("/payment-orders");
            OrderPayments.Map(orders);
            ListPaymentOrders.Map(orders);
            GetPaymentOrder.Map(orders);
            WithdrawPaymentOrder.Map(orders);

            var accounts = commissions.MapGroup("/bank-accounts");
            SetBankAccount.Map(accounts);
            GetBankAccount.Map(accounts);
        }
    }
}

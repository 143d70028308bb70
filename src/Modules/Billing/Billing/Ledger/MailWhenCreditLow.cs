using Licensing.Billing.Contracts;
using Licensing.Billing.Credit;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Mail;
using Licensing.Kernel.Messaging;
using Microsoft.Extensions.Configuration;

namespace Licensing.Billing.Ledger;

/// <summary>Tells a tenant by mail that its credit is low. Who has no address is told nothing; distributors and partners have the list.</summary>
internal sealed class MailWhenCreditLow(
    BillingDb db, IOrganizationDirectory organizations, ICustomerAccounts customers, Post post, IConfiguration configuration) : IHandle<CreditLow>
{
    public async Task HandleAsync(CreditLow message, CancellationToken ct)
    {
        if (await organizations.FindAsync(message.OrganizationId, ct) is not { Kind: OrganizationKind.Tenant }
            || await customers.TakeNoticeTurnAsync(message.OrganizationId, ct) is not { } turn)
            return;
        var (threshold, balance) = (CreditAmountView.Text(message.Unit, message.Threshold), CreditAmountView.Text(message.Unit, message.Balance));
        post.Send(db, new Letter(turn.Address, $"{configuration["Platform:Name"] ?? "Platform"}: your credit is low", $"""
            Hello,

            your prepaid credit has fallen below {threshold} {message.Unit}: {balance} {message.Unit} can be spent.
            """), turn.At);
    }
}

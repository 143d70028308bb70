using Licensing.Billing.Credit;
using Licensing.Billing.Ledger;
using Licensing.Doors.Reseller;

namespace Licensing.Billing.Reseller;

/// <summary>Adds credits to an account.</summary>
internal static class AddCreditToAccount
{
    /// <summary>What is added.</summary>
    /// <param name="AccountId">Whose credits.</param>
    /// <param name="Credits">How many, 1 or more.</param>
    /// <param name="ExpiryMonths">After how many months what is left of them is lost, 1 to 12.</param>
    /// <param name="Reference">Of the payment; added once for the account, however often it is sent. At most 200 characters.</param>
    public sealed record AddCreditToAccountRequest(
        int AccountId, int Credits, int ExpiryMonths = CreditEnd.MostMonths, string? Reference = null);

    /// <summary>What was added.</summary>
    /// <param name="AccountId">Whose.</param>
    /// <param name="Balance">The credits that can be spent now.</param>
    /// <param name="LotId">Of what was added.</param>
    /// <param name="ExpiryDate">From this instant on nothing of it can be spent.</param>
    /// <param name="Reference">As given, or a new one.</param>
    public sealed record AddedCredit(int AccountId, long Balance, string LotId, DateTimeOffset ExpiryDate, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<AddCreditToAccountRequest, TopUpCredit.Command, AddedCredit>(
            nameof(AddCreditToAccount), "Adds credits to an account, once per reference", async (asked, call) =>
            {
                if ((await call.SendAsync(new FindCreditAccount.Query(asked.AccountId))).Refused(out var refusal, out var account))
                    return refusal;
                var command = new TopUpCredit.Command(
                    account.Id, call.ReferenceOr(asked.Reference), Credits: asked.Credits, ExpiryMonths: asked.ExpiryMonths);
                if ((await call.SendAsync(command)).Refused(out refusal, out var added))
                    return refusal;
                var (lot, balance) = (added.Lots.Single(), added.Balances.Single());
                return new AddedCredit(
                    asked.AccountId, WholeCredits.Of(balance.Amount), lot.Id.ToString(), lot.ExpiresAt!.Value, added.Reference);
            }, FindCreditAccount.Names);
}

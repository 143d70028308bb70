using Licensing.Billing.Credit;
using Licensing.Doors.Reseller;

namespace Licensing.Billing.Reseller;

/// <summary>Moves credits from one account to another; what is moved ends when it would have ended.</summary>
internal static class TransferAccountCredit
{
    /// <summary>What is moved.</summary>
    /// <param name="FromAccountId">Who gives.</param>
    /// <param name="ToAccountId">Who gets.</param>
    /// <param name="Credits">How many, 1 or more.</param>
    /// <param name="Reference">Moved once for who gives, however often it is sent. At most 200 characters.</param>
    public sealed record TransferCreditRequest(int FromAccountId, int ToAccountId, int Credits, string? Reference = null);

    /// <summary>What both have now.</summary>
    /// <param name="FromAccountId">Who gave.</param>
    /// <param name="FromBalance">The credits that he can spend now.</param>
    /// <param name="ToAccountId">Who got.</param>
    /// <param name="ToBalance">The credits that he can spend now.</param>
    /// <param name="Lots">What came, by end.</param>
    /// <param name="Reference">As given, or a new one.</param>
    public sealed record TransferredCredit(
        int FromAccountId, long FromBalance, int ToAccountId, long ToBalance, IReadOnlyList<AccountLot> Lots, string Reference);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<TransferCreditRequest, TransferCredit.Command, TransferredCredit>(
            nameof(TransferCredit), "Moves credits to another account, once per reference", async (asked, call) =>
            {
                if ((await call.SendAsync(new FindCreditAccount.Query(asked.FromAccountId))).Refused(out var refusal, out var from)
                    || (await call.SendAsync(new FindCreditAccount.Query(asked.ToAccountId))).Refused(out refusal, out var to))
                    return refusal;
                var command = new TransferCredit.Command(from.Id, to.Id, call.ReferenceOr(asked.Reference), Credits: asked.Credits);
                return (await call.SendAsync(command)).Refused(out refusal, out var moved)
                    ? refusal
                    : new TransferredCredit(
                        asked.FromAccountId, WholeCredits.Of(moved.FromBalance), asked.ToAccountId, WholeCredits.Of(moved.ToBalance),
                        [.. moved.Lots.Select(x => new AccountLot(x.Id.ToString(), WholeCredits.Of(x.Amount), x.ExpiresAt))], moved.Reference);
            }, FindCreditAccount.Names);
}

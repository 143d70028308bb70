using Licensing.Doors.Reseller;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;

namespace Licensing.Provisioning.Reseller;

/// <summary>Gives an account an inbound number.</summary>
internal static class AllocateInboundNumber
{
    /// <summary>Who gets which number.</summary>
    /// <param name="AccountId">Who.</param>
    /// <param name="Number">E.164, with its plus sign.</param>
    public sealed record AllocateInboundNumberRequest(int AccountId, string Number);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<AllocateInboundNumberRequest, AllocateNumbers.Command, AccountNumber>(
            nameof(AllocateInboundNumber), "Gives an account a number; of two who ask for it at once one gets it",
            async (asked, call) => (await call.SendAsync(new FindHolder.Query(asked.AccountId))).Refused(out var refusal, out var account)
                    || (await call.Of<IInboundNumbers>().AllocateAsync(account.Id, asked.Number, call.Ct)).Refused(out refusal, out var number)
                ? refusal
                : AccountNumber.Of(number, asked.AccountId),
            FindHolder.Names);
}

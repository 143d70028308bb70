using Licensing.Doors.Reseller;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;

namespace Licensing.Provisioning.Reseller;

/// <summary>Takes an inbound number from an account.</summary>
internal static class ReleaseInboundNumber
{
    /// <summary>Who gives back which number.</summary>
    /// <param name="AccountId">Who has it.</param>
    /// <param name="Number">E.164, with its plus sign.</param>
    public sealed record ReleaseInboundNumberRequest(int AccountId, string Number);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<ReleaseInboundNumberRequest, ReleaseNumber.Command, AccountNumber>(
            nameof(ReleaseInboundNumber), "Takes a number from an account; nobody else gets it before its quarantine is over",
            async (asked, call) => (await call.SendAsync(new FindHolder.Query(asked.AccountId))).Refused(out var refusal, out var account)
                    || (await call.Of<IInboundNumbers>().ReleaseAsync(account.Id, asked.Number, call.Ct)).Refused(out refusal, out var number)
                ? refusal
                : AccountNumber.Of(number, null),
            FindHolder.Names);
}

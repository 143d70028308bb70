using Licensing.Doors.Reseller;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;

namespace Licensing.Provisioning.Reseller;

/// <summary>The inbound numbers of an account.</summary>
internal static class GetInboundNumbers
{
    /// <summary>A page of an account's numbers, the last loaded first.</summary>
    /// <param name="Numbers">Those of the page.</param>
    /// <param name="Next">What to give as After for the next page; absent on the last.</param>
    public sealed record AccountNumbers(IReadOnlyList<AccountNumber> Numbers, string? Next);

    /// <summary>Whose numbers.</summary>
    /// <param name="AccountId">Whose.</param>
    /// <param name="PageSize">Numbers on a page, 1 to 200.</param>
    /// <param name="After">What the page before gave as Next.</param>
    public sealed record GetInboundNumbersRequest(int AccountId, int PageSize = 50, string? After = null);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<GetInboundNumbersRequest, ListNumbers.Query, AccountNumbers>(
            nameof(GetInboundNumbers), "Lists the numbers of an account",
            async (asked, call) => PageStart.Read(asked.PageSize, asked.After).Refused(out var refusal, out var start)
                    || (await call.SendAsync(new FindHolder.Query(asked.AccountId))).Refused(out refusal, out var account)
                    || (await call.Of<IInboundNumbers>().HeldAsync(account.Id, start, call.Ct)).Refused(out refusal, out var page)
                ? refusal
                : new AccountNumbers([.. page.Items.Select(x => AccountNumber.Of(x, asked.AccountId))], page.Next),
            FindHolder.Names);
}

using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;

namespace Licensing.Provisioning.Reseller;

/// <summary>The tenant that a number of an account names; what is outside the caller's scope is none.</summary>
internal static class FindHolder
{
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(int AccountId) : IQuery<AccountRef>;

    internal sealed class Handler(IAccounts accounts) : IQueryHandler<Query, AccountRef>
    {
        public Task<Result<AccountRef>> Handle(Query query, CancellationToken cancellationToken) =>
            accounts.FindAsync(query.AccountId, cancellationToken);
    }
}

/// <summary>Inbound numbers of accounts: those that can be had, and who has which.</summary>
internal static class NumbersOfAccounts
{
    private const int MostNumbers = 200;

    /// <summary>A number that can be had.</summary>
    /// <param name="Number">E.164, with its plus sign.</param>
    /// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
    /// <param name="Type">What calling it means for the caller.</param>
    /// <param name="Locality">The place that it is of.</param>
    public sealed record AvailableNumber(string Number, string CountryCode, NumberType Type, string? Locality);

    /// <summary>Numbers that can be had, in their order.</summary>
    public sealed record AvailableNumbers(IReadOnlyList<AvailableNumber> Numbers);

    /// <summary>A number and who has it.</summary>
    /// <param name="Number">E.164, with its plus sign.</param>
    /// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
    /// <param name="Type">What calling it means for the caller.</param>
    /// <param name="Locality">The place that it is of.</param>
    /// <param name="AccountId">Who has it; absent once it is released.</param>
    public sealed record AccountNumber(string Number, string CountryCode, NumberType Type, string? Locality, int? AccountId);

    /// <summary>A page of an account's numbers, the last loaded first.</summary>
    /// <param name="Numbers">Those of the page.</param>
    /// <param name="Next">What to give as After for the next page; absent on the last.</param>
    public sealed record AccountNumbers(IReadOnlyList<AccountNumber> Numbers, string? Next);

    /// <summary>Which numbers.</summary>
    /// <param name="AccountId">For whom; whoever stands where the reseller does where it is left out.</param>
    /// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
    /// <param name="Contains">Digits that follow each other somewhere in the number.</param>
    /// <param name="Count">How many at most, 1 to 200.</param>
    public sealed record SearchAvailableNumbersRequest(
        int? AccountId = null, string? CountryCode = null, string? Contains = null, int Count = 50);

    /// <summary>Who gets which number.</summary>
    /// <param name="AccountId">Who.</param>
    /// <param name="Number">E.164, with its plus sign.</param>
    public sealed record AllocateInboundNumberRequest(int AccountId, string Number);

    /// <summary>Who gives back which number.</summary>
    /// <param name="AccountId">Who has it.</param>
    /// <param name="Number">E.164, with its plus sign.</param>
    public sealed record ReleaseInboundNumberRequest(int AccountId, string Number);

    /// <summary>Whose numbers.</summary>
    /// <param name="AccountId">Whose.</param>
    /// <param name="PageSize">Numbers on a page, 1 to 200.</param>
    /// <param name="After">What the page before gave as Next.</param>
    public sealed record GetInboundNumbersRequest(int AccountId, int PageSize = 50, string? After = null);

    private static readonly Dictionary<string, string> Names = new()
    {
        ["country"] = "CountryCode",
        ["limit"] = "PageSize",
        ["numbers/0"] = "Number",
    };

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapReseller<SearchAvailableNumbersRequest, SearchNumbers.Query, AvailableNumbers>(
            "SearchAvailableNumbers", "Finds numbers that can be allocated", async (asked, call) =>
            {
                if (asked.Count is < 1 or > MostNumbers)
                    return ResellerRefusals.Field("Count", "out_of_range", $"must be 1 to {MostNumbers}.");
                AccountRef? account = null;
                if (asked.AccountId is { } id && (await call.SendAsync(new FindHolder.Query(id))).Refused(out var refusal, out account))
                    return refusal;
                return (await call.Of<IInboundNumbers>().SearchAsync(
                    account?.Id, asked.CountryCode, asked.Contains, new PageStart(asked.Count, null), call.Ct)).Refused(out refusal, out var page)
                    ? refusal
                    : new AvailableNumbers([.. page.Items.Select(x => new AvailableNumber(x.Number, x.Country, x.Type, x.Locality))]);
            }, Names);
        routes.MapReseller<AllocateInboundNumberRequest, AllocateNumbers.Command, AccountNumber>(
            "AllocateInboundNumber", "Gives an account a number; of two who ask for it at once one gets it",
            async (asked, call) => (await call.SendAsync(new FindHolder.Query(asked.AccountId))).Refused(out var refusal, out var account)
                    || (await call.Of<IInboundNumbers>().AllocateAsync(account.Id, asked.Number, call.Ct)).Refused(out refusal, out var number)
                ? refusal
                : Shown(number, asked.AccountId),
            Names);
        routes.MapReseller<ReleaseInboundNumberRequest, ReleaseNumber.Command, AccountNumber>(
            "ReleaseInboundNumber", "Takes a number from an account; nobody else gets it before its quarantine is over",
            async (asked, call) => (await call.SendAsync(new FindHolder.Query(asked.AccountId))).Refused(out var refusal, out var account)
                    || (await call.Of<IInboundNumbers>().ReleaseAsync(account.Id, asked.Number, call.Ct)).Refused(out refusal, out var number)
                ? refusal
                : Shown(number, null),
            Names);
        routes.MapReseller<GetInboundNumbersRequest, ListNumbers.Query, AccountNumbers>(
            "GetInboundNumbers", "Lists the numbers of an account",
            async (asked, call) => PageStart.Read(asked.PageSize, asked.After).Refused(out var refusal, out var start)
                    || (await call.SendAsync(new FindHolder.Query(asked.AccountId))).Refused(out refusal, out var account)
                    || (await call.Of<IInboundNumbers>().HeldAsync(account.Id, start, call.Ct)).Refused(out refusal, out var page)
                ? refusal
                : new AccountNumbers([.. page.Items.Select(x => Shown(x, asked.AccountId))], page.Next),
            Names);
    }

    private static AccountNumber Shown(InboundNumberRef x, int? accountId) => new(x.Number, x.Country, x.Type, x.Locality, accountId);
}

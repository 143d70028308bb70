using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;

namespace Licensing.Provisioning.Reseller;

/// <summary>Inbound numbers that can be had.</summary>
internal static class SearchAvailableNumbers
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

    /// <summary>Which numbers.</summary>
    /// <param name="AccountId">For whom; whoever stands where the reseller does where it is left out.</param>
    /// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
    /// <param name="Contains">Digits that follow each other somewhere in the number.</param>
    /// <param name="Count">How many at most, 1 to 200.</param>
    public sealed record SearchAvailableNumbersRequest(
        int? AccountId = null, string? CountryCode = null, string? Contains = null, int Count = 50);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<SearchAvailableNumbersRequest, SearchNumbers.Query, AvailableNumbers>(
            nameof(SearchAvailableNumbers), "Finds numbers that can be allocated", async (asked, call) =>
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
            }, FindHolder.Names);
}

using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Reseller;

/// <summary>A number and who has it.</summary>
/// <param name="Number">E.164, with its plus sign.</param>
/// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
/// <param name="Type">What calling it means for the caller.</param>
/// <param name="Locality">The place that it is of.</param>
/// <param name="AccountId">Who has it; absent once it is released.</param>
internal sealed record AccountNumber(string Number, string CountryCode, NumberType Type, string? Locality, int? AccountId)
{
    public static AccountNumber Of(InboundNumberRef x, int? accountId) => new(x.Number, x.Country, x.Type, x.Locality, accountId);
}

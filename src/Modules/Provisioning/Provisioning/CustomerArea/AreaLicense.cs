using System.Globalization;
using Licensing.Provisioning.Licenses;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>A licence in this door's words.</summary>
internal sealed record AreaLicense(
    Guid LicenseId, string LicenseCode, string LicenseName, string? LicenseInfo, string LicenseVersion, string? LicenseDurationMonths,
    int? LicenseDurationDays, string LicenseQuantity, decimal LicensePoints, decimal LicenseAmount, string? LicenseAmountCurrency,
    LicenseStatus LicenseState, DateOnly? StartsOn, DateOnly? EndsOn, Guid? RenewsLicenseId, Guid? RenewedByLicenseId, DateTimeOffset CreatedAt,
    DateTimeOffset? CancelledAt)
{
    public static AreaLicense Of(LicenseView x, string language) => new(
        x.Id.Value, x.Code, x.Names.InLanguage(language), x.Info, Text(x.LicenseVersion), x.DurationMonths is { } months ? Text(months) : null,
        x.DurationDays, x.Quantity, x.Points, x.Price?.Amount ?? 0, x.Price?.Currency.Code, x.Status, x.StartsOn, x.EndsOn, x.Renews?.Value,
        x.RenewedBy?.Value, x.CreatedAt, x.CancelledAt);

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

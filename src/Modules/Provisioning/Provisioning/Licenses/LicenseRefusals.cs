using System.Globalization;

namespace Licensing.Provisioning.Licenses;

internal static class LicenseRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "license_not_found", $"There is no license {id}.");

    /// <summary>Another customer's licence, or none: the same answer, so that ids cannot be probed.</summary>
    public static Refusal NotTheCustomers { get; } = new(RefusalKind.NotFound, "license_not_found", "The customer has no such license.");

    public static Refusal UnknownEdition(string code) =>
        Refusal.Field("/license_code", "unknown_license_code", $"license_code: no license {code} is on sale.");

    public static Refusal NotSoldIn(string code, Currency currency) =>
        Refusal.Field("/currency_code", "not_sold_in_currency", $"currency_code: the license {code} has no price in {currency.Code}.");

    public static Refusal DemosUsedUp { get; } =
        new(RefusalKind.Conflict, "demo_licenses_used_up", "The customer has had two demo licenses; there are no more.");

    public static Refusal NotToBeActivated(LicenseStatus status) => Forbids(status, "license_not_to_be_activated", "cannot be activated");

    public static Refusal StartsByItself(DateOnly on) => new(
        RefusalKind.Conflict, "license_starts_by_itself",
        $"The license renews another and starts by itself on {on.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.");

    public static Refusal NotCancellable(LicenseStatus status) => Forbids(status, "license_not_cancellable", "cannot be cancelled");

    public static Refusal NotRenewable(LicenseStatus status) => Forbids(status, "license_not_renewable", "cannot be renewed; only an active one can");

    public static Refusal EditionGone(string code) =>
        new(RefusalKind.Conflict, "license_edition_gone", $"The license {code} is not on sale any more, so it cannot be renewed.");

    public static Refusal RenewedAlready { get; } = NotRenewable(LicenseStatus.Renewed);

    private static Refusal Forbids(LicenseStatus status, string code, string what) =>
        new(RefusalKind.Conflict, code, $"The license is {status} and {what}.");
}

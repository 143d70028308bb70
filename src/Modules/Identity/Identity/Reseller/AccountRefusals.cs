using Licensing.Doors.Reseller;

namespace Licensing.Identity.Reseller;

internal static class AccountRefusals
{
    public static Refusal NotFound(int accountId) => new(RefusalKind.NotFound, "account_not_found", $"There is no account {accountId}.");

    public static Refusal UserNotFound(int userId) =>
        new(RefusalKind.NotFound, "account_user_not_found", $"There is no user {userId} of an account.");

    public static Refusal RoleNotFound(int roleId) => new(RefusalKind.NotFound, "account_role_unknown", $"There is no role {roleId}.");

    public static Refusal RoleNotHeld(int roleId) => new(RefusalKind.NotFound, "account_role_not_held", $"The role {roleId} is not held there.");

    public static Refusal ResellerRequired { get; } = new(
        RefusalKind.Forbidden, "reseller_required", "Accounts are created by an API user of the reseller whose they are to be.");

    public static Refusal UnknownCurrency { get; } = ResellerRefusals.Field(
        "CurrencyCode", "unknown_currency", "must be the code of an active ISO 4217 currency, such as EUR.");
}

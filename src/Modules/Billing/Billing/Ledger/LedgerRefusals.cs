using System.Text.Json.Nodes;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Ledger;

internal static class LedgerRefusals
{
    public static Refusal DoneAlready { get; } = new(
        RefusalKind.Conflict, "money_action_done_already", "This has been done with the credit already.");

    /// <summary>Not kept as the answer to a retry: after a top-up the same request may succeed.</summary>
    public static Refusal Insufficient(CreditAmount required, decimal available) =>
        new(RefusalKind.PaymentRequired, "insufficient_credit", "Insufficient credit")
        {
            Transient = true,
            Content = new JsonObject { ["required"] = Plain(required.Amount), ["available"] = Plain(available), ["currency"] = required.Unit },
        };

    public static Refusal ReferenceUsed { get; } =
        new(RefusalKind.Conflict, "top_up_reference_used",
            "A top-up of this reference with another amount or expiry was made; references are never used twice.");

    public static Refusal DebitReferenceUsed { get; } =
        new(RefusalKind.Conflict, "debit_reference_used",
            "A debit of this reference of another amount was made; references are never used twice.");

    public static Refusal ReferenceRepeated { get; } = Refusal.Field(
        "/reference", "reference_repeated", "reference must not be that of another debit of the same account in the batch.");

    public static Refusal DebitNotFound(Guid id) => new(RefusalKind.NotFound, "debit_not_found", $"There is no debit {id}.");

    public static Refusal TransferReferenceUsed { get; } =
        new(RefusalKind.Conflict, "transfer_reference_used",
            "A transfer of this reference of another amount or to somebody else was made; references are never used twice.");

    /// <summary>The code is from when only partners had credit; codes never change.</summary>
    public static Refusal NotAPartner(Guid id) =>
        Refusal.Field("/organizationId", "not_a_partner", $"organizationId must be a distributor, partner or tenant in your branch; {id} is none.");

    public static Refusal NotAnAccount(string pointer, Guid id) =>
        Refusal.Field(pointer, "not_an_account", $"{pointer[1..]} must be a distributor, partner or tenant in your branch; {id} is none.");

    public static Refusal NotBesideEachOther { get; } = Refusal.Field("/toOrganizationId", "transfer_not_allowed",
        "toOrganizationId must be right above or below who gives, or beside it under the same.");

    public static Refusal NotTheGiver { get; } = new(RefusalKind.Forbidden, "not_the_giver",
        "Credits are added by who sells to the account, money and points by the platform and distributors above it.");

    public static Refusal ThresholdNotFound(Guid id) =>
        new(RefusalKind.NotFound, "credit_threshold_not_found", $"There is no threshold {id}.");

    public static Refusal RuleNotFound(Guid id) => new(RefusalKind.NotFound, "top_up_rule_not_found", $"There is no rule {id}.");

    // Without the zeros that a column's scale leaves at the end.
    private static JsonValue Plain(decimal amount) => JsonValue.Create(amount / 1.0000000000000000000000000000m);
}

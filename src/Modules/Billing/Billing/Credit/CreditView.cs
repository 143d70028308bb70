using System.Globalization;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>What an organisation can spend in one currency or credit unit now.</summary>
internal sealed record CreditView(Guid Id, OrganizationId OrganizationId, string Unit, string Balance, DateTimeOffset? NextExpiry);

/// <summary>An amount of credit as it travels.</summary>
internal sealed record CreditAmountView(string Unit, string Amount)
{
    public static CreditAmountView Of(CreditAmount amount) => new(amount.Unit, Text(amount.Unit, amount.Amount));

    /// <summary>At least the digits of a currency's minor unit; points have those they need.</summary>
    public static string Text(string unit, decimal amount) => Currency.TryParse(unit, out var currency)
        ? new Money(amount, currency).ToAmountString()
        : amount.ToString("0.####", CultureInfo.InvariantCulture);
}

/// <summary>A part of what came in, and when what is left of it is lost; null: never.</summary>
internal sealed record CreditLotView(Guid Id, string Unit, string Amount, DateTimeOffset? ExpiresAt);

/// <summary>Something done with prepaid credit.</summary>
internal sealed record MovementView(
    Guid Id, OrganizationId OrganizationId, string Kind, string Reference, IReadOnlyList<CreditAmountView> Amounts, DateTimeOffset CreatedAt)
{
    public static MovementView Of(OrganizationId owner, CreditMovement movement) =>
        new(movement.Id, owner, movement.Kind, movement.Reference, [.. movement.Amounts.Select(CreditAmountView.Of)], movement.At);
}

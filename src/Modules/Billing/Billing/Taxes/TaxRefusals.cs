namespace Licensing.Billing.Taxes;

internal static class TaxRefusals
{
    public static Refusal SetAlready { get; } =
        new(RefusalKind.Conflict, "tax_rate_set_already", "Someone else has just set this rate; read it again and retry.");
}

namespace Licensing.Billing.Taxes;

internal static class TaxRefusals
{
    public static Refusal SetAlready { get; } =
        new(RefusalKind.Conflict, "tax_rate_set_already", "Someone else has just set this rate; read it again and retry.");

    public static Refusal NotEveryones { get; } = new(
        RefusalKind.Forbidden, "not_the_seller", "Rates of a country are everyone's and set for the platform as a whole; name an organization.");
}

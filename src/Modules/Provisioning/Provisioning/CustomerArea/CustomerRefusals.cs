namespace Licensing.Provisioning.CustomerArea;

internal static class CustomerRefusals
{
    public static Refusal NotFound(int code) => new(RefusalKind.NotFound, "customer_not_found", $"There is no customer {code}.");

    public static Refusal PartnerKeyRequired { get; } = new(
        RefusalKind.Forbidden, "partner_key_required", "Customers are opened with the key of a partner.");

    // What Identity calls its fields is not what this door does.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["/displayName"] = "company_name",
        ["/personName"] = "customer_name",
        ["/country"] = "country_code",
        ["/email"] = "email",
        ["/phone"] = "phone",
        ["/password"] = "password",
    };

    public static Refusal InParameters(Refusal refusal) => refusal with
    {
        Fields = [.. refusal.Fields.Select(f =>
            Names.TryGetValue(f.Pointer, out var name) ? f with { Pointer = "/" + name, Message = Renamed(f, name) } : f)],
    };

    private static string Renamed(FieldError error, string name) =>
        error.Message.Replace(error.Pointer[1..] + " ", name + " ", StringComparison.Ordinal);
}

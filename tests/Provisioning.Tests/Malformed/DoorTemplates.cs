using static Licensing.Provisioning.Tests.Malformed.BodyField;

namespace Licensing.Provisioning.Tests.Malformed;

/// <summary>What one endpoint takes.</summary>
/// <param name="Endpoint">Method and path.</param>
/// <param name="Fields">All that it documents, outer before inner.</param>
internal sealed record DoorTemplate(string Endpoint, IReadOnlyList<BodyField> Fields)
{
    public string Method => Endpoint.Split(' ')[0];

    public string Path => Endpoint.Split(' ')[1];

    public bool IsSigned => !Path.StartsWith("/customerarea/", StringComparison.Ordinal);

    /// <summary>Whether asking leaves everything as it was; a login link is made by a GET.</summary>
    public bool OnlyReads => Method == "GET" && !Path.EndsWith("/token", StringComparison.Ordinal);

    /// <summary>Certificates of the first generation name customers otherwise.</summary>
    public bool IsFirstGeneration => Endpoint.EndsWith(" v1", StringComparison.Ordinal);

    public override string ToString() => Endpoint;
}

/// <summary>A template for each endpoint of the signed door and of the customer area.</summary>
internal static class DoorTemplates
{
    private static readonly BodyField[] Customer =
    [
        Object("ccId", required: true), SignedText("ccId.resellerId", "$reseller", 100, required: true),
        SignedText("ccId.tenantId", "$tenant", 100, required: true),
        SignedText("ccId.resellerName", "Reseller", 200), SignedText("ccId.tenantName", "Customer", 200),
    ];

    private static readonly BodyField[] Seats =
    [
        Quantity("digitalOnlySeats", 5), Quantity("essentialSeats", 5), Quantity("professionalSeats", 5), Quantity("eliteSeats", 5),
        Quantity("workforceOptimizationSeats", 10), Quantity("workforceManagementSeats", 10), Quantity("speechAnalyticsSeats", 5),
        Quantity("dialerSeats", 10),
        Object("aiMessaging", mayBeEmpty: true), Quantity("aiMessaging.standardBundles", 1), Quantity("aiMessaging.advancedBundles", 0),
        Object("aiAudioServices"), Quantity("aiAudioServices.additionalHours", 1) with { Required = true },
        Object("sipCredentials"), SignedText("sipCredentials.username", "user", 500, required: true),
        SignedText("sipCredentials.password", "secret", 500, required: true),
        SignedText("sipCredentials.sipServer", "sip.example", 500, required: true),
        SignedText("sipCredentials.outboundProxy", "proxy.example", 500, required: true),
        Quantity("sipCredentials.sipPort", 5061, 1, 65_535),
        SignedText("sipCredentials.transport", "tls", 3) with { WrongTexts = ["", "sctp", "TLS", "udp ", "tls\0"] },
    ];

    private static readonly BodyField Code = Number("customer_code", "$customer", required: true);

    // Has somebody who logs in.
    private static readonly BodyField CodeOfOpened = Number("customer_code", "$opened", required: true);
    private static readonly BodyField Lang = Word("lang", "IT", false, "english", "e", "E1", "é1");
    private static readonly BodyField Currency = Word("currency_code", "EUR", false, "XXX", "EURO", "€");
    private static readonly BodyField Limit = Number("limit", "10") with { WrongTexts = ["0", "201", "-1", "x", "1e1", new('1', 20_000)] };
    private static readonly BodyField After = Text("after", "", 0) with { WrongTexts = ["x", "AAAA", "%", new('x', 20_000)] };

    private static BodyField License(string which) => Word("license_id", which, true, "x", "00000000-0000-0000-0000-00000000000");

    public static IReadOnlyList<DoorTemplate> All { get; } =
    [
        new("POST /api/v1/licensing/update", [.. Customer, .. Seats]),
        new("POST /v1/licensing/update", [.. Customer, .. Seats]),
        new("POST /api/v1/licensing/update v1",
            [SignedText("serial", "$tenant", 100, required: true), .. Seats, Quantity("additionalAiMessages", 6_000)]),
        new("DELETE /api/v1/licensing/update", Customer),
        new("DELETE /v1/licensing/update", Customer),
        new("POST /customerarea/licenses/demo", [Code, Lang, Flag("accept_notifications")]),
        new("POST /customerarea/licenses/bulk",
            [Code, Text("license_code", "$edition", 50, required: true), Text("license_info", "Headquarter", 200, required: true, lines: true),
                Flag("accept_notifications"), Currency, Lang]),
        new("POST /customerarea/licenses/activate", [License("$toActivate"), Code, Lang]),
        new("POST /customerarea/licenses/cancel", [License("$toCancel"), Code, Lang]),
        new("POST /customerarea/licenses/renew", [License("$active"), Code, Currency, Lang]),
        new("POST /customerarea/customers/new",
        [
            Word("email", "new-$customer@example.com", true, "x", "a@", "@b", "a b@example.com", "a@example.com,b@example.com", "<a@example.com>"),
            Text("password", "maple-7-river", 72, required: true,
                anyCharacter: true) with { WrongTexts = ["", "1234567", "password", new('x', 73), new('x', 20_000)] },
            Text("customer_name", "Ada", 100, required: true), Word("country_code", "IT", true, "XX", "ITA", "I", "??"),
            Word("industry_code", "healthcare", true, "none"),
            Text("company_name", "Company", 200, required: true), Text("customer_surname", "Love", 100), Text("phone", "+49 30 1", 50), Lang,
        ]),
        new("POST /customerarea/customers/password",
            [CodeOfOpened, Text("password", "cedar-9-creek", 72, required: true,
                anyCharacter: true) with { WrongTexts = ["", "1234567", "password", new('x', 73), new('x', 20_000)] }, Lang]),
        new("GET /customerarea/auth/token", [CodeOfOpened, Lang]),
        new("GET /customerarea/credit", [Currency, Lang, Limit, After]),
        new("GET /customerarea/customers", [Lang, Limit, After]),
        new("GET /customerarea/customers/detail", [Code, Lang]),
        new("GET /customerarea/licenses", [Code, Lang, Limit, After]),
        new("GET /customerarea/licenses/available",
            [Code, Lang, Number("version_code", "0"), Number("license_duration", "1"), Text("license_code", "$edition", 50), Currency, Limit, After]),
        new("GET /customerarea/directory/licenses/versions", [Lang, Limit, After]),
        new("GET /customerarea/directory/currencies", [Lang, Limit, After]),
        new("GET /customerarea/directory/countries", [Lang, Limit, After]),
        new("GET /customerarea/directory/industries", [Lang, Limit, After]),
    ];
}

using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>What one branch of the tree owns, by the names that the expectations use.</summary>
public sealed class Ids(IReadOnlyDictionary<string, string> byName, Func<string, HttpClient>? clients = null)
{
    // Made by the platform and seen by all: not a branch's own.
    private static readonly string[] Shared = ["plan", "product", "meter", "pricelist", "edition", "coupon", "run", "paymentorder"];

    public IReadOnlyDictionary<string, string> All => byName;

    public IEnumerable<KeyValuePair<string, string>> Private => byName.Where(x => !Shared.Contains(x.Key));

    /// <summary>Ids of the right form that nothing has.</summary>
    public static Ids Unknown() =>
        new(Names.ToDictionary(n => n, n => n switch
        {
            "customer" => "2000000000",
            "usercode" => "2000000001",
            _ => Id.NewGuid(DateTimeOffset.UnixEpoch).ToString(),
        }));

    public static IReadOnlyList<string> Names { get; } =
    [
        "distributor", "partner", "tenant", "user", "identity", "apikey", "client", "assignment", "product", "plan", "meter", "pricelist",
        "subscription", "invoice",
        "statement", "payout", "paymentorder",
        "scheme", "operation", "role", "accountrole", "certificate", "session", "secretId", "quotarequest", "edition", "license",
        "customer", "usercode", "number", "coupon", "run", "debit", "noteId", "paymentId", "correction", "threshold",
        "creditthreshold", "topuprule",
    ];

    /// <summary>The same, but for one of them.</summary>
    public Ids With(string name, string id) => new(new Dictionary<string, string>(byName) { [name] = id }, clients);

    public HttpClient As(string role) => clients!(role);

    public string Fill(string template)
    {
        foreach (var (name, id) in byName.OrderByDescending(x => x.Key.Length))
            template = template.Replace($"${name}", id, StringComparison.Ordinal);
        return template;
    }

    /// <summary>The level of the tree at which a role is held.</summary>
    public static OrganizationKind LevelOf(string role) =>
        Enum.GetValues<OrganizationKind>().Single(k => role.StartsWith(k.ToString(), StringComparison.Ordinal));
}

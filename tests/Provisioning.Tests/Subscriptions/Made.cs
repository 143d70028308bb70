using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.Tests.Subscriptions;

/// <summary>Subscriptions that never saw a database.</summary>
internal static class Made
{
    public static DateTimeOffset Now { get; } = new(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);
    public static DateOnly Today { get; } = new(2026, 1, 15);
    public static ProductRules Rules { get; } = new("phone", [new("seats", "Seats", ZeroOrMinimum: 5), new("bots", "Bots", RequiresAny: ["seats"])]);

    public static IReadOnlyDictionary<string, ProductRules> AllRules { get; } = new Dictionary<string, ProductRules>
    {
        ["phone"] = Rules,
        ["desk"] = new("desk", [new("desks", "Desks", Maximum: 50), new("seats", "Seats", Maximum: 12)]),
    };

    public static OrganizationRef Tenant { get; } = new(
        Id.New<OrganizationId>(Now), 7, OrganizationKind.Tenant, null, "1.2.3.7.", "T", "T", "DE", Currency.Parse("EUR"), true);

    public static PlanVersionRef Plan { get; } = new(
        Id.New<PlanVersionId>(Now), Id.New<PlanId>(Now), "plan", 1, "Plan", "phone", Currency.Parse("EUR"), [], false, 0, new PlanTermsRef());

    public static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd");

    public static Dictionary<string, int> Q(int seats, int? bots = null) =>
        bots is { } held ? new() { ["seats"] = seats, ["bots"] = held } : new() { ["seats"] = seats };

    public static Subscription Open(DateOnly? startsOn = null, DateOnly? expiresOn = null, int seats = 10, int? bots = null) =>
        Subscription.Open(Tenant, PlanFrom.Of(Plan, startsOn ?? Today, Now), Q(seats, bots), expiresOn, null, Now);

    /// <summary>Another plan, or with <paramref name="terms"/> the same one as a version of its own.</summary>
    public static PlanVersionRef PlanWith(PlanTermsRef? terms = null, string product = "phone", int trialDays = 0) =>
        Plan with { Id = Id.New<PlanVersionId>(Now), Product = product, Terms = terms ?? new PlanTermsRef(), TrialDays = trialDays };

    public static Subscription Open(PlanTermsRef terms, DateOnly? startsOn = null, int seats = 10, int trialDays = 0, bool? autoRenew = null) =>
        Subscription.Open(Tenant, PlanFrom.Of(PlanWith(terms, trialDays: trialDays), startsOn ?? Today, Now, autoRenew), Q(seats), null, null, Now);

    public static string Text(this IReadOnlyDictionary<string, int> quantities) => string.Join(",", quantities.Select(q => $"{q.Key}={q.Value}"));
}

using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

internal sealed record PlanVersionView(
    PlanVersionId Id, int Number, string Name, string Product, Currency Currency, IReadOnlyList<PlanCharge> Charges, bool UsesPriceLists,
    int TrialDays, PlanTermsRef Terms, DateTimeOffset PublishedAt);

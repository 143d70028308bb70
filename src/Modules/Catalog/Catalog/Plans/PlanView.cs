using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Catalog.Plans;

internal sealed record PlanView(
    PlanId Id, string Key, string Name, string Product, Currency Currency, PlanStatus Status, PlanTerms? Draft,
    PlanVersionId? CurrentVersionId, IReadOnlyList<PublishedVersion> Versions, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version)
    : IVersioned
{
    public static Expression<Func<Plan, PlanView>> Projection { get; } = x => new PlanView(
        x.Id, x.Key, x.Name, x.Product, x.Currency, x.Status, x.Draft, x.CurrentVersionId, x.Versions, x.CreatedAt, x.Version);

    public static Func<Plan, PlanView> Of { get; } = Projection.Compile();
}

using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Seats;

internal static class SeatSubscriptions
{
    /// <summary>The product that the licensing routes are about.</summary>
    public const string Product = "ccaas";

    /// <summary>SQL: the subscription <c>s</c> is of the product {1} by its plan of the day {2}, before its start by its first one.</summary>
    public const string OfProduct = """
        {1} = (
            select p ->> 'product' from jsonb_array_elements(s.plans) with ordinality as x (p, i)
            where (p ->> 'on')::date <= greatest({2}, s.starts_on) order by i desc limit 1)
        """;

    private const string OfTenant = $"select s.* from provisioning.subscriptions s where s.tenant_id = {{0}} and {OfProduct}";

    /// <summary>The rules of the product, which is shipped and never deleted.</summary>
    public static async Task<ProductRules> SeatRulesAsync(this ICatalog catalog, CancellationToken ct) =>
        await catalog.RulesAsync(Product, ct) ?? throw new InvalidOperationException("The product is missing.");

    /// <summary>The tenant's live subscription whose plan of today is of the product; the oldest, should there be several.</summary>
    public static IQueryable<Subscription> SeatsOf(this ProvisioningDb db, OrganizationId tenant, Scope scope, DateOnly today) => db.Subscriptions
        .FromSqlRaw(OfTenant, tenant.Value, Product, today).Within(scope).Where(x => x.StartsOn <= today).LiveFirst(today);

    /// <summary>
    /// As <see cref="SeatsOf"/> and wherever it stands; where none is live the first that is to come, so that nobody opens another beside it.
    /// </summary>
    public static IQueryable<Subscription> OrderedSeatsOf(this ProvisioningDb db, OrganizationId tenant, DateOnly today) => db.Subscriptions
        .FromSqlRaw(OfTenant, tenant.Value, Product, today).LiveFirst(today);

    /// <summary>
    /// As <see cref="OrderedSeatsOf"/>, and nobody else changes it until the transaction ends: a door that cannot tell its callers of a lost
    /// race waits for whoever is changing it through another.
    /// </summary>
    public static IQueryable<Subscription> HeldSeatsOf(this ProvisioningDb db, OrganizationId tenant, DateOnly today) => db.Subscriptions
        .FromSqlRaw($"{OfTenant} order by s.id for no key update of s", tenant.Value, Product, today).LiveFirst(today);

    /// <summary>What else of the product the tenant has, today or to come.</summary>
    public static IQueryable<Subscription> OtherSeatsOf(
        this ProvisioningDb db, OrganizationId tenant, SubscriptionId than, DateOnly today) => db.Subscriptions
        .FromSql($"""
            select s.* from provisioning.subscriptions s where s.tenant_id = {tenant.Value} and s.id <> {than.Value} and {Product} in (
                select p ->> 'product' from jsonb_array_elements(s.plans) as p)
            """)
        .Where(x => x.EndsOn == null || (x.EndsOn > today && x.EndsOn > x.StartsOn));

    private static IQueryable<Subscription> LiveFirst(this IQueryable<Subscription> subscriptions, DateOnly today) => subscriptions
        .Where(x => x.EndsOn == null || (x.EndsOn > today && x.EndsOn > x.StartsOn))
        .OrderBy(x => x.StartsOn).ThenBy(x => x.Id).Take(1);
}

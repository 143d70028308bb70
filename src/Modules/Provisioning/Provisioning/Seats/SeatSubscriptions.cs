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

    /// <summary>The tenant's live subscription whose plan of today is of the product; the oldest, should there be several.</summary>
    public static IQueryable<Subscription> SeatsOf(this ProvisioningDb db, OrganizationId tenant, Scope scope, DateOnly today) => db.Subscriptions
        .FromSql($"""
            select s.* from provisioning.subscriptions s where s.tenant_id = {tenant.Value} and {Product} = (
                select p ->> 'product' from jsonb_array_elements(s.plans) with ordinality as x (p, i)
                where (p ->> 'on')::date <= {today} order by i desc limit 1)
            """)
        .LiveFirst(scope, today);

    /// <summary>
    /// As <see cref="SeatsOf"/>, and nobody else changes it until the transaction ends: a door that cannot tell its callers of a lost race waits for
    /// whoever is changing it through another.
    /// </summary>
    public static IQueryable<Subscription> HeldSeatsOf(this ProvisioningDb db, OrganizationId tenant, Scope scope, DateOnly today) => db.Subscriptions
        .FromSql($"""
            select s.* from provisioning.subscriptions s where s.tenant_id = {tenant.Value} and {Product} = (
                select p ->> 'product' from jsonb_array_elements(s.plans) with ordinality as x (p, i)
                where (p ->> 'on')::date <= {today} order by i desc limit 1)
            order by s.id for no key update of s
            """)
        .LiveFirst(scope, today);

    /// <summary>What else of the product the tenant has, today or to come.</summary>
    public static IQueryable<Subscription> OtherSeatsOf(
        this ProvisioningDb db, OrganizationId tenant, SubscriptionId than, DateOnly today) => db.Subscriptions
        .FromSql($"""
            select s.* from provisioning.subscriptions s where s.tenant_id = {tenant.Value} and s.id <> {than.Value} and {Product} in (
                select p ->> 'product' from jsonb_array_elements(s.plans) as p)
            """)
        .Where(x => x.EndsOn == null || (x.EndsOn > today && x.EndsOn > x.StartsOn));

    private static IQueryable<Subscription> LiveFirst(this IQueryable<Subscription> subscriptions, Scope scope, DateOnly today) =>
        subscriptions.Within(scope).Live(today).Take(1);

    private static IOrderedQueryable<Subscription> Live(this IQueryable<Subscription> subscriptions, DateOnly today) => subscriptions
        .Where(x => x.StartsOn <= today && (x.EndsOn == null || x.EndsOn > today))
        .OrderBy(x => x.StartsOn).ThenBy(x => x.Id);
}

using System.Globalization;
using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>
/// A token that logs a customer's user in once. A GET that makes something, as this door's clients know it; so nothing on the way may keep its
/// answer.
/// </summary>
internal static class GetLoginToken
{
    [Needs(ProvisioningPermissions.CustomersManage), InPerson]
    public sealed record Query(int Customer) : IQuery<LoginToken>;

    /// <summary>The token, good once and for so long.</summary>
    public sealed record LoginToken(string Token, string Expiration);

    internal sealed class Handler(ICustomers customers, ILoginLinks links, TimeProvider clock) : IQueryHandler<Query, LoginToken>
    {
        public async Task<Result<LoginToken>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (await customers.FindAsync(query.Customer, cancellationToken) is not { } tenant)
                return CustomerRefusals.NotFound(query.Customer);
            return (await links.ForTenantAsync(tenant.Id, cancellationToken)).Refused(out var refusal, out var link)
                ? refusal
                : new LoginToken(
                    link.Token, string.Create(CultureInfo.InvariantCulture, $"{(link.ExpiresAt - clock.GetUtcNow()).TotalMinutes:0} min"));
        }
    }

    /// <summary>For whom.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    public sealed record Asked(int CustomerCode, [Language] string Lang = "EN");

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Asked, Query, LoginToken>("/auth/token", nameof(GetLoginToken), "Makes a one-time login token for a customer",
            async (asked, sender, ct) => (await sender.Send(new Query(asked.CustomerCode), ct)).As(x => x));
}

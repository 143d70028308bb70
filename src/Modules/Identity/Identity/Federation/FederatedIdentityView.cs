using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Federation;

internal sealed record FederatedIdentityView(
    Guid Id, string Provider, string Issuer, string Subject, string Email, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<FederatedIdentity, FederatedIdentityView>> Shape { get; } =
        x => new FederatedIdentityView(x.Id, x.Provider, x.Issuer, x.Subject, x.Email, x.CreatedAt, x.Version);
}

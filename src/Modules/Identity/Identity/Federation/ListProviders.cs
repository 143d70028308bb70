using Licensing.Kernel.Http;

namespace Licensing.Identity.Federation;

/// <summary>Tells a client through whom one may log in, and what it needs to ask there for an ID token.</summary>
internal static class ListProviders
{
    [Anyone]
    public sealed record Query : IQuery<ProvidersView>;

    public sealed record ProvidersView(IReadOnlyList<ProviderView> Items);

    public sealed record ProviderView(string Name, FederationPreset Preset, string Authority, IReadOnlyList<string> ClientIds);

    internal sealed class Handler(IdentityProviders providers) : IQueryHandler<Query, ProvidersView>
    {
        public Task<Result<ProvidersView>> Handle(Query query, CancellationToken cancellationToken) => Task.FromResult<Result<ProvidersView>>(
            new ProvidersView([.. providers.All.Select(p => new ProviderView(p.Name, p.Preset, p.Authority, p.ClientIds))]));
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapGet("/providers", (ISender sender, CancellationToken ct) => sender.Ok(new Query(), ct))
        .Slice<Query, ProvidersView>(nameof(ListProviders), "Lists the providers of federated log-in");
}

using System.Net.Http.Headers;
using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Http;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Benchmarks;

/// <summary>
/// What it costs to know who asks: a read of one row with a credential over the same read without any. Both go through every step of
/// the pipeline; only the declared policy differs.
/// </summary>
internal static class AuthBenchmark
{
    public static Benchmark Token { get; } =
        Of("auth-token", "a read with an access token ÷ the same without", (host, client, ct) => host.LoginAsync(client, ct));

    public static Benchmark Key { get; } = Of("auth-key", "a read with an API key ÷ the same without", async (host, client, ct) =>
    {
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.LoginAsync(client, ct));
        return await BenchHost.ApiKeyAsync(client, ct);
    });

    private static Benchmark Of(string name, string summary, Func<BenchHost, HttpClient, CancellationToken, Task<string>> credential) =>
        new(name, summary, "req/s", Goal.Over(0.85), ct => HostPair.PrepareAsync(Add, Map, async (host, client) =>
        {
            var authorization = $"Bearer {await credential(host, client, ct)}";
            return (
                stop => LoadClient.MeasureAsync(host, "/bench/known", authorization, stop),
                stop => LoadClient.MeasureAsync(host, "/bench/open", null, stop));
        }, ct));

    private static void Add(IServiceCollection services) => services
        .AddTransient<IRequestHandler<ReadKnown, Result<OrganizationRef>>, ReadHandler>()
        .AddTransient<IRequestHandler<ReadOpen, Result<OrganizationRef>>, ReadHandler>();

    private static void Map(WebApplication host)
    {
        host.MapGet("/bench/known", (ISender sender, CancellationToken ct) => sender.Ok(new ReadKnown(), ct))
            .Slice<ReadKnown, OrganizationRef>("ReadKnown", "Reads one row");
        host.MapGet("/bench/open", (ISender sender, CancellationToken ct) => sender.Ok(new ReadOpen(), ct))
            .Slice<ReadOpen, OrganizationRef>("ReadOpen", "Reads one row");
    }
}

[AnyCaller]
internal sealed record ReadKnown : IQuery<OrganizationRef>;

[Anyone]
internal sealed record ReadOpen : IQuery<OrganizationRef>;

internal sealed class ReadHandler(IOrganizationDirectory organizations)
    : IRequestHandler<ReadKnown, Result<OrganizationRef>>, IRequestHandler<ReadOpen, Result<OrganizationRef>>
{
    public async Task<Result<OrganizationRef>> Handle(ReadKnown request, CancellationToken cancellationToken) =>
        await organizations.PlatformAsync(cancellationToken);

    public async Task<Result<OrganizationRef>> Handle(ReadOpen request, CancellationToken cancellationToken) =>
        await organizations.PlatformAsync(cancellationToken);
}

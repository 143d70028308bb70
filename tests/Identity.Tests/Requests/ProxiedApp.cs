using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Requests;

/// <summary>A host whose test clients say which address they connect from, beside what they put into X-Forwarded-For.</summary>
public class ProxiedApp : App
{
    private const string Header = "X-Test-Connection";

    public HttpClient From(string connection, string? forwardedFor = null)
    {
        var client = Anonymous();
        client.DefaultRequestHeaders.Add(Header, connection);
        if (forwardedFor is not null)
            client.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        return client;
    }

    protected virtual string? TrustedProxies => null;

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IStartupFilter>(new Connection());
        if (TrustedProxies is not null)
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Http:TrustedProxies"] = TrustedProxies });
    }

    protected override void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/test/address", (HttpContext context) => $"{context.Connection.RemoteIpAddress} {context.Request.Scheme}");

    private sealed class Connection : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                if (context.Request.Headers[Header].ToString() is { Length: > 0 } said)
                    context.Connection.RemoteIpAddress = IPAddress.Parse(said);
                return rest(context);
            });
            next(app);
        };
    }
}

using System.IO.Compression;
using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Licensing.Kernel.Http;

/// <summary>The conventions that hold on every endpoint, in the one order in which they make sense.</summary>
public static class Pipeline
{
    extension(IHostApplicationBuilder host)
    {
        public void AddHttpConventions()
        {
            var services = host.Services;
            services.Configure<LimitSettings>(host.Configuration.GetSection("Limits"));
            services.AddOptions<KestrelServerOptions>().Configure<IOptions<LimitSettings>>((kestrel, limits) =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = limits.Value.BodyBytes;
            });
            services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
            services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
            services.AddRequestDecompression();
            services.AddResponseCompression(options =>
            {
                // Answers carry no secret next to text that a stranger chooses, so compressing under TLS gives nothing away.
                options.EnableForHttps = true;
                options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "application/problem+json", "application/x-ndjson"];
            });
            services.Configure<BrotliCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
            services.Configure<GzipCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
            services.AddSingleton<RateLimits>();
            services.AddSingleton<Dialects.Dialects>();
            services.AddSingleton<Dialect, ChannelDialect>();
        }
    }

    extension(IApplicationBuilder app)
    {
        public void UseHttpConventions()
        {
            app.ApplicationServices.GetRequiredService<IOptions<LimitSettings>>().Value.Check();
            app.UseResponseCompression();
            app.UseMiddleware<ErrorStep>();
            app.UseRouting();
            // Before the proof of who asks: what a request is signed for is its body, whichever way it came.
            app.UseRequestDecompression();
            app.UseMiddleware<AuthenticationStep>();
            app.UseMiddleware<RateLimitStep>();
            app.UseMiddleware<QueryStep>();
            app.Use(TakePrecondition);
            app.UseMiddleware<IdempotencyStep>();
        }
    }

    private static async Task TakePrecondition(HttpContext context, RequestDelegate next)
    {
        var (request, endpoint) = (context.Request, context.GetEndpoint());
        if (request.Headers.IfMatch.Count > 0 && endpoint is not null && !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            if (!HttpMethods.IsPatch(request.Method) && !HttpMethods.IsDelete(request.Method)
                && endpoint.Metadata.GetMetadata<TakesIfMatch>() is null)
            {
                await context.Dialect.RefuseAsync(context, Precondition.NotTaken);
                return;
            }

            context.RequestServices.GetRequiredService<Precondition>().Take(request.Headers.IfMatch);
        }

        await next(context);
    }
}

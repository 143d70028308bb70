using System.Security.Cryptography;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Licensing.Host.Reference;

/// <summary>The API's document and the two pages that show it, served from here without any other host.</summary>
internal static class ReferencePages
{
    internal const string ScalarResource = "scalar.standalone.js";
    private const string DocumentPath = "/swagger/v1/swagger.json";

    extension(WebApplicationBuilder builder)
    {
        public void AddReference() => builder.Services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            // Schemas are ours; the framework's would only collide under the names of nested types.
            options.CreateSchemaReferenceId = _ => null;
            options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<SliceMetadata>().Any();
            options.AddDocumentTransformer<ReferenceDocument>();
        });
    }

    extension(WebApplication app)
    {
        public void MapReference()
        {
            // The document is the same for the life of the process, and making it is work that strangers must not cause at will.
            var document = new Lazy<Task<(byte[] Json, string Tag)>>(() => WriteAsync(app.Services));
            foreach (var path in new[] { DocumentPath, "/swagger.json" })
                app.MapGet(path, async () =>
                {
                    var (json, tag) = await document.Value;
                    return TypedResults.Bytes(json, "application/json; charset=utf-8", entityTag: new EntityTagHeaderValue(tag));
                }).ExcludeFromDescription();

            app.MapGet("/scalar", () => TypedResults.Text(HasScalar ? ScalarPage : NoScalarPage, "text/html; charset=utf-8"))
                .ExcludeFromDescription();
            app.MapGet("/scalar/standalone.js", () => typeof(ReferencePages).Assembly.GetManifestResourceStream(ScalarResource) is { } script
                ? Results.Stream(script, "text/javascript; charset=utf-8")
                : Results.NotFound()).ExcludeFromDescription();
            app.UseSwaggerUI(options =>
            {
                options.RoutePrefix = "swagger";
                options.DocumentTitle = "Licensing";
                options.SwaggerEndpoint(DocumentPath, "Licensing v1");
                options.EnableValidator(null!);
            });
        }
    }

    internal static bool HasScalar { get; } = typeof(ReferencePages).Assembly.GetManifestResourceInfo(ScalarResource) is not null;

    private const string ScalarPage = $$"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Licensing</title></head>
        <body>
        <div id="app"></div>
        <script src="/scalar/standalone.js"></script>
        <script>
        Scalar.createApiReference('#app', { url: '{{DocumentPath}}', withDefaultFonts: false, telemetry: false, agent: { disabled: true } })
        </script>
        </body>
        </html>
        """;

    private const string NoScalarPage = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Licensing</title></head>
        <body>
        <p>Scalar is not part of this build, because npm was missing or could not install it.
        The same reference is at <a href="/swagger">/swagger</a>.</p>
        </body>
        </html>
        """;

    private static async Task<(byte[] Json, string Tag)> WriteAsync(IServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        var document = await scope.ServiceProvider.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
        using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1);
        return (json.ToArray(), $"\"{Convert.ToHexStringLower(SHA256.HashData(json.ToArray()))[..16]}\"");
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using FluentValidation;
using Licensing.Doors.Reseller;
using Licensing.Kernel;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Licensing.Host.Reference;

/// <summary>
/// Completes the framework's document from what the slices say of themselves: the schemas of the API's own serializer, security,
/// headers, examples and the error answers that each operation can give.
/// </summary>
internal sealed class ReferenceDocument(Dialects dialects) : IOpenApiDocumentTransformer
{
    private const string Json = "application/json";
    private const string Xml = "application/xml";
    private const string UrlEncoded = "application/x-www-form-urlencoded";
    private const string MultipartForm = "multipart/form-data";

    private static readonly Dictionary<string, OpenApiSecurityScheme> Schemes = new()
    {
        ["Bearer"] = new()
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "An access token from /api/v1/auth/login, or an API key."
        },
        ["ApiKey"] = new() { Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = "X-API-KEY", Description = "An API key." },
        ["SignedUpdate"] = new(
            )
        { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT", Description = "An RS256 token bound to the body." },
        ["Basic"] = new() { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "A user's name and password." },
    };

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Licensing",
            Version = "v1",
            Description = "Licences, usage, invoices and commissions for channel sales."
        };
        // The addresses of this process say nothing to a reader elsewhere.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components = new OpenApiComponents
        {
            Schemas = new Dictionary<string, IOpenApiSchema>(),
            SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(),
        };
        var (docs, books, problems) = (new XmlDocs(), new Dictionary<JsonSerializerOptions, SchemaBook>(), new Problems(document));
        var descriptions = context.DescriptionGroups.SelectMany(g => g.Items)
            .Where(d => NameOf(d) is not null && d.ActionDescriptor.EndpointMetadata.OfType<SliceMetadata>().Any())
            .ToDictionary(d => NameOf(d)!, StringComparer.Ordinal);
        foreach (var (path, item) in document.Paths)
            foreach (var (method, operation) in item.Operations ?? [])
                if (descriptions.GetValueOrDefault(operation.OperationId ?? "") is { } description)
                {
                    var dialect = dialects.Of(path.Split('{')[0].TrimEnd('/') is { Length: > 0 } fixedPart ? fixedPart : "/");
                    if (!books.TryGetValue(dialect.Json, out var schemas))
                        books.Add(dialect.Json, schemas = new SchemaBook(document, docs, dialect.Json));
                    Complete(
                        new Subject(
                            document, dialect, schemas, problems, operation, method, path, description,
                            description.ActionDescriptor.EndpointMetadata.OfType<SliceMetadata>().First()),
                        context.ApplicationServices);
                }

        return Task.CompletedTask;
    }

    private sealed record Subject(
        OpenApiDocument Document, Dialect Dialect, SchemaBook Schemas, Problems Problems, OpenApiOperation Operation, HttpMethod Method, string Path,
        ApiDescription Description, SliceMetadata Slice)
    {
        public bool Writes => Method != HttpMethod.Get && Method != HttpMethod.Head;

        public bool ChangesWhatIs => Method == HttpMethod.Patch || Method == HttpMethod.Delete || Metadata<TakesIfMatch>() is not null;

        public T? Metadata<T>() where T : class => Description.ActionDescriptor.EndpointMetadata.OfType<T>().LastOrDefault();
    }

    private static string? NameOf(ApiDescription description) =>
        description.ActionDescriptor.EndpointMetadata.OfType<IEndpointNameMetadata>().LastOrDefault()?.EndpointName;

    private static void Complete(Subject subject, IServiceProvider services)
    {
        var (operation, slice, dialect) = (subject.Operation, subject.Slice, subject.Dialect);
        var example = subject.Metadata<SliceExample>();
        Secure(subject);
        var rights = slice.Policy.Anyone ? "Needs no credential." : slice.Policy.AnyCaller ? "Needs any valid credential."
            : $"Needs permission `{slice.Policy.Permission}`.";
        operation.Description = string.IsNullOrEmpty(operation.Description) ? rights : $"{operation.Description}\n\n{rights}";

        CompleteParameters(subject);
        CompleteBody(subject, example?.Request);
        CompleteAnswers(subject, example?.Response);
        foreach (var kind in Refusals(subject, services))
            operation.Responses!.TryAdd(dialect.StatusOf(kind).ToString(), subject.Problems.Of(dialect, dialect.StatusOf(kind)));
        foreach (var status in operation.Responses!.Keys.Where(s => int.TryParse(s, out var code) && code >= 400).ToList())
            operation.Responses[status] = subject.Problems.Of(dialect, int.Parse(status));
    }

    private static void Secure(Subject subject)
    {
        subject.Operation.Security = [];
        if (subject.Slice.Policy.Anyone)
            return;
        foreach (var scheme in subject.Dialect.Schemes)
        {
            subject.Document.Components!.SecuritySchemes!.TryAdd(scheme, Schemes[scheme]);
            subject.Operation.Security.Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, subject.Document)] = [] });
        }
    }

    private static IEnumerable<RefusalKind> Refusals(Subject subject, IServiceProvider services)
    {
        yield return RefusalKind.Malformed;
        if (!subject.Slice.Policy.Anyone || subject.Writes)
            yield return RefusalKind.Unauthenticated;
        if (subject.Slice.Policy.Permission is not null)
            yield return RefusalKind.Forbidden;
        if (subject.Path.Contains('{') || subject.Writes)
            yield return RefusalKind.NotFound;
        if (subject.Writes)
            yield return RefusalKind.Conflict;
        if (subject.ChangesWhatIs)
            yield return RefusalKind.PreconditionFailed;
        if (subject.Operation.RequestBody is not null || subject.Metadata<ReadsParameters>() is not null)
        {
            yield return RefusalKind.TooLarge;
            yield return RefusalKind.UnsupportedMediaType;
        }

        if (subject.Writes || subject.Metadata<ReadsParameters>() is not null
            || services.GetService(typeof(IValidator<>).MakeGenericType(subject.Slice.Request)) is not null)
            yield return RefusalKind.Invalid;
        yield return RefusalKind.TooMany;
        yield return RefusalKind.Unavailable;
    }

    private static void CompleteParameters(Subject subject)
    {
        var parameters = subject.Operation.Parameters ??= [];
        foreach (var parameter in parameters.OfType<OpenApiParameter>())
        {
            var bound = subject.Description.ParameterDescriptions.FirstOrDefault(
                p => string.Equals(p.Name, parameter.Name, StringComparison.OrdinalIgnoreCase));
            var schema = SchemaBook.OfParameter(bound?.Type ?? typeof(string));
            if (parameter.Name == "limit")
            {
                (schema.Minimum, schema.Maximum, schema.Default) = ("1", $"{PageStart.MostItems}", PageStart.DefaultLimit);
                parameter.Description ??= "Items on a page.";
            }
            else if (parameter.Name == "after")
            {
                parameter.Description ??= "The cursor that the page before gave as next.";
            }

            (parameter.Schema, parameter.Example) = (schema, ExampleOf(subject, schema, parameter.Name ?? ""));
        }

        if (subject.Metadata<ReadsParameters>() is { Query.Count: > 0 } read)
        {
            // Browsers send no body with a GET, so it is not described as one.
            if (subject.Dialect is not ResellerDialect)
                subject.Operation.Description += "\n\nThe parameters are taken from a JSON or form body as well.";
            foreach (var (name, schema, isRequired) in subject.Schemas.Parameters(read.Type))
            {
                var description = schema.Description;
                schema.Description = null;
                parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Query,
                    Description = description,
                    Required = isRequired,
                    Schema = schema,
                    Example = ExampleOf(subject, schema, name),
                });
            }
        }

        if (subject.Writes && !subject.Slice.Policy.Anyone)
            parameters.Add(Header("Idempotency-Key", "A retry with the same key and body gets the first answer again.", 255, "7c1f0d1e-retry-safe"));
        if (subject.ChangesWhatIs)
            parameters.Add(Header("If-Match", "The ETag of the version that the caller has seen.", null, "\"3\""));
    }

    // A cursor of the reference's own would lead nowhere.
    private static JsonNode? ExampleOf(Subject subject, OpenApiSchema schema, string name) =>
        name == "after" ? null : new Examples(subject.Document).Of(schema, name);

    private static OpenApiParameter Header(string name, string description, int? longest, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = longest },
        Example = example,
    };

    private static void CompleteBody(Subject subject, object? example)
    {
        if (subject.Writes && subject.Metadata<ReadsParameters>() is not null)
            subject.Operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = (subject.Dialect is ResellerDialect ? [Json, Xml] : new[] { Json, UrlEncoded, MultipartForm })
                    .ToDictionary(x => x, _ => new OpenApiMediaType()),
            };
        if (subject.Operation.RequestBody is not OpenApiRequestBody body || body.Content is not { Count: > 0 } contents)
            return;
        // Whoever takes anything refuses by himself what he cannot read.
        if (contents.Count > 1)
            contents.Remove("*/*");
        var type = subject.Description.ParameterDescriptions.FirstOrDefault(p => p.Source == BindingSource.Body)?.Type
            ?? subject.Metadata<IAcceptsMetadata>()?.RequestType ?? subject.Metadata<ReadsParameters>()?.Type;
        foreach (var (mediaType, content) in contents)
            Fill(subject, content, mediaType, type is null ? null : subject.Schemas.Of(type, read: true), example);
        if (subject.Metadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize is { } limit)
            body.Description = $"{body.Description} At most {limit} bytes.".Trim();
    }

    private static void CompleteAnswers(Subject subject, object? example)
    {
        foreach (var answer in subject.Description.SupportedResponseTypes.Where(a => a.StatusCode is >= 200 and < 300))
        {
            if (subject.Operation.Responses?.GetValueOrDefault(answer.StatusCode.ToString()) is not OpenApiResponse response)
                continue;
            response.Description = answer.StatusCode switch { 201 => "Created.", 202 => "Started.", 204 => "Done.", _ => "As asked for." };
            foreach (var (mediaType, content) in response.Content ?? new Dictionary<string, OpenApiMediaType>())
                Fill(subject, content, mediaType, answer.Type is null || answer.Type == typeof(void) ? null : subject.Schemas.Of(answer.Type),
                    example);

            response.Headers = new Dictionary<string, IOpenApiHeader>();
            Tell(response, "RateLimit", "What is left of the caller's rate.");
            Tell(response, "RateLimit-Policy", "The caller's rate.");
            if (answer.Type is not null && answer.Type.IsAssignableTo(typeof(IVersioned)))
                Tell(response, "ETag", "The version of the resource, for If-Match.");
            else if (!subject.Writes && answer.StatusCode == 200)
                Tell(response, "ETag", "A digest of the answer, for If-None-Match.");
            if (answer.StatusCode is 201 or 202)
                Tell(response, "Location", "Where it is.");
            if (subject.Writes && !subject.Slice.Policy.Anyone)
                Tell(response, "Idempotency-Replayed", "true when this is the first answer again.");
        }
    }

    private static void Tell(OpenApiResponse response, string header, string description) =>
        response.Headers![header] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static void Fill(Subject subject, OpenApiMediaType content, string mediaType, IOpenApiSchema? schema, object? example)
    {
        if (mediaType is not UrlEncoded and not MultipartForm
            && (!mediaType.EndsWith("json", StringComparison.Ordinal) || mediaType.Contains("ndjson")))
        {
            content.Schema = new OpenApiSchema { Type = JsonSchemaType.String };
            content.Example = example as string ?? "text";
            return;
        }

        content.Schema = schema ?? new OpenApiSchema();
        content.Example = example is null
            ? new Examples(subject.Document).Of(content.Schema)
            : example as JsonNode ?? JsonSerializer.SerializeToNode(example, ApiJson.Options);
    }
}

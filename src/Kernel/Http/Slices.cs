using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Kernel.Dialects;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Kernel.Http;

/// <summary>Which request an endpoint sends; its permission, its OpenAPI entry and the authorisation tests follow from it.</summary>
public sealed record SliceMetadata(Type Request, RequestPolicy Policy);

/// <summary>An answer that holds a secret shown once: kept encrypted among the idempotency records.</summary>
public sealed record CarriesSecret;

/// <summary>
/// A write that knows its own retries, or takes no Idempotency-Key: its answer is not kept, and what it commits stays when it refuses.
/// </summary>
public sealed record RetriesItself;

/// <summary>
/// Parameters that a handler reads by itself, beside those it declares: those of <paramref name="Type"/> as the door's JSON has it, from a
/// JSON or form body and, where they are named in <paramref name="Query"/>, from the query.
/// </summary>
public sealed record ReadsParameters(Type Type, params IReadOnlyList<string> Query);

/// <summary>
/// Reads the body of a request with an Idempotency-Key, of which a hash is wanted before its slice reads it: into a <c>MemoryStream</c> in its place,
/// or refuses it; then, unless its answer is stored, takes a turn. Without this it is kept whatever memory there is, and waits for nobody.
/// </summary>
public sealed record KeepsBody(Func<HttpContext, Task<Refusal?>> KeepAsync, Func<HttpContext, Task> TakeTurnAsync);

/// <summary>A POST or PUT that changes one versioned resource, and so honours If-Match as every PATCH and DELETE does.</summary>
public sealed record TakesIfMatch;

/// <summary>Examples for the reference where those made from the schema would mislead; anything that the API's JSON can write.</summary>
public sealed record SliceExample(object? Request = null, object? Response = null);

/// <summary>An endpoint that strangers' requests must not crowd out: the probes of an orchestrator.</summary>
public sealed record NeverLimited;

public static class Slices
{
    extension(RouteHandlerBuilder endpoint)
    {
        /// <summary>Ties an endpoint to the request it sends.</summary>
        /// <param name="name">The slice's name; the operationId of the generated clients, so never renamed.</param>
        /// <param name="summary">One line for the reference.</param>
        /// <param name="status">Status of success.</param>
        public RouteHandlerBuilder Slice<TRequest, TView>(string name, string summary, int status = StatusCodes.Status200OK) => endpoint
            .WithName(name)
            .WithSummary(summary)
            .WithMetadata(new SliceMetadata(typeof(TRequest), RequestPolicy.Of(typeof(TRequest))))
            .Produces<TView>(status);

        /// <summary>As the other, for an answer without a body (204).</summary>
        public RouteHandlerBuilder Slice<TRequest>(string name, string summary) => endpoint
            .WithName(name)
            .WithSummary(summary)
            .WithMetadata(new SliceMetadata(typeof(TRequest), RequestPolicy.Of(typeof(TRequest))))
            .Produces(StatusCodes.Status204NoContent);

        public RouteHandlerBuilder MaxBody(long bytes) => endpoint.WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(bytes));
    }

    extension(ISender sender)
    {
        public async Task<IHttpResult> Ok<T>(IRequest<Result<T>> request, CancellationToken ct) where T : notnull =>
            (await sender.Send(request, ct)).Refused(out var refusal, out var value)
                ? new RefusedResult(refusal)
                : new ViewResult<T>(value, StatusCodes.Status200OK);

        public async Task<IHttpResult> Created<T>(IRequest<Result<T>> request, Func<T, string> location, CancellationToken ct) where T : notnull =>
            (await sender.Send(request, ct)).Refused(out var refusal, out var value)
                ? new RefusedResult(refusal)
                : new ViewResult<T>(value, StatusCodes.Status201Created, location(value));

        public async Task<IHttpResult> Accepted<T>(IRequest<Result<T>> request, Func<T, string> location, CancellationToken ct) where T : notnull =>
            (await sender.Send(request, ct)).Refused(out var refusal, out var value)
                ? new RefusedResult(refusal)
                : new ViewResult<T>(value, StatusCodes.Status202Accepted, location(value));

        public async Task<IHttpResult> NoContent<T>(IRequest<Result<T>> request, CancellationToken ct) where T : notnull =>
            (await sender.Send(request, ct)).Refused(out var refusal, out _) ? new RefusedResult(refusal) : TypedResults.NoContent();
    }
}

/// <summary>A refusal in the envelope of the door it came through.</summary>
public sealed class RefusedResult(Refusal refusal) : IHttpResult
{
    public Task ExecuteAsync(HttpContext httpContext) => httpContext.Dialect.RefuseAsync(httpContext, refusal);
}

/// <summary>
/// A view as the door's JSON with its ETag: its version, which If-Match takes, else a digest of what is answered. 304 where the caller has
/// it already.
/// </summary>
public sealed class ViewResult<T>(T view, int status, string? location = null) : IHttpResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        if (location is not null)
            response.Headers.Location = location;
        var reads = HttpMethods.IsGet(request.Method);
        byte[]? digested = null;
        if (view is Persistence.IVersioned { Version: var version })
            response.Headers.ETag = Precondition.TagOf(version);
        else if (reads && status == StatusCodes.Status200OK)
            response.Headers.ETag = DigestOf(digested = JsonSerializer.SerializeToUtf8Bytes(view, httpContext.Dialect.Json));

        // What depends on more than its row changes without a new version.
        if (reads && view is not Persistence.IDated && Precondition.Names(request.Headers.IfNoneMatch, response.Headers.ETag.ToString()))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.StatusCode = status;
        if (digested is null)
            return response.WriteAsJsonAsync(view, httpContext.Dialect.Json, httpContext.RequestAborted);
        response.ContentType = "application/json; charset=utf-8";
        return response.Body.WriteAsync(digested, httpContext.RequestAborted).AsTask();
    }

    // Weak: compressed or not, it is the same answer.
    private static string DigestOf(byte[] answer) => $"W/\"{Convert.ToHexStringLower(SHA256.HashData(answer).AsSpan(0, 16))}\"";
}

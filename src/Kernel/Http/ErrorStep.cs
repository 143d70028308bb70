using System.Text.Json;
using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Kernel.Http;

/// <summary>Outermost: finds the door, and turns whatever is thrown or left empty into that door's envelope.</summary>
internal sealed class ErrorStep(RequestDelegate next, Dialects.Dialects dialects, LostRaces races, ILogger<ErrorStep> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Dialect = dialects.Of(context.Request.Path);
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            // What earlier steps said of the caller's limits stays true; what a slice set does not.
            foreach (var header in context.Response.Headers.Where(h => !h.Key.StartsWith("RateLimit", StringComparison.Ordinal)).ToList())
                context.Response.Headers.Remove(header.Key);
            if (RefusalOf(failure) is { } refusal)
            {
                // What stands in the path no pointer names.
                var named = refusal.Fields.Where(field => !context.Request.RouteValues.ContainsKey(field.Pointer.TrimStart('?')));
                await context.Dialect.RefuseAsync(context, refusal with { Fields = [.. named] });
                return;
            }

            log.LogError(failure, "Unhandled failure of {Method} {Path}", context.Request.Method, context.Request.Path);
            await context.Dialect.WriteAsync(context, StatusCodes.Status500InternalServerError, new Refusal(
                RefusalKind.Unavailable, "internal_error", "Something went wrong on our side. Quote the trace id when you report it."));
            return;
        }

        if (!context.Response.HasStarted && context.Response is { StatusCode: >= 400, ContentLength: null, ContentType: null })
            await context.Dialect.WriteAsync(context, context.Response.StatusCode, EmptyAnswer(context));
    }

    // Races before outages: the driver calls them transient too, but they say more.
    private Refusal? RefusalOf(Exception failure) =>
        OfBody(failure) ?? races.RefusalFor(failure) ?? failure.AndCauses().Select(OfDatabase).FirstOrDefault(r => r is not null);

    /// <summary>What is wrong with a body that could not be read; null where something else was.</summary>
    public static Refusal? OfBody(Exception failure) => failure switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => CsvImport.TooLarge,
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } => NotJson,
        BadHttpRequestException { InnerException: JsonException json } => Malformed(json),
        BadHttpRequestException { InnerException: BadHttpRequestException inner } => OfBody(inner),
        BadHttpRequestException bad => QueryWord.Unbound(bad.Message),
        JsonException json => Malformed(json),
        // The platform's reader of brotli has no exception of its own for it.
        InvalidDataException or InvalidOperationException { Source: "System.IO.Compression.Brotli" } =>
            new Refusal(RefusalKind.Malformed, "malformed_encoding", "The body does not match its Content-Encoding."),
        _ => null,
    };

    private static Refusal? OfDatabase(Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } =>
            QueryStep.InvalidCharacter,
        // Fatal is what ends the session: the server shuts down or has crashed, or gave up on one that idled in its transaction.
        NpgsqlException { IsTransient: true } or TimeoutException or PostgresException { InvariantSeverity: "FATAL" or "PANIC" } =>
            DatabaseUnavailable,
        _ => null,
    };

    private static Refusal DatabaseUnavailable { get; } =
        new(RefusalKind.Unavailable, "database_unavailable", "The database does not answer now; retry with the same Idempotency-Key.")
        { RetryAfter = TimeSpan.FromSeconds(2) };

    private static Refusal NotJson { get; } = new(RefusalKind.UnsupportedMediaType, "unsupported_media_type", "The body must be application/json.");

    private static Refusal Malformed(JsonException json)
    {
        var pointer = JsonPointer.Of(PathOf(json));
        // The serializer's text goes on with CLR type names and positions after its first sentence.
        var sentence = json.Message.Split(" Path: ")[0];
        var message = sentence.StartsWith("The JSON property '", StringComparison.Ordinal) && sentence.Contains("could not be mapped")
            ? $"Unknown property {sentence.Split('\'')[1]}."
            : sentence.Contains("Licensing.", StringComparison.Ordinal) || sentence.Contains("System.", StringComparison.Ordinal)
                ? sentence.StartsWith("JSON deserialization for type", StringComparison.Ordinal) && sentence.Contains("including: ")
                    ? $"Required properties are missing: {sentence.Split("including: ")[1]}"
                    : "The value has the wrong type or form."
                : sentence;
        return new Refusal(RefusalKind.Malformed, "malformed_json", message) { Fields = [new FieldError(pointer, "malformed", message)] };
    }

    private static string PathOf(JsonException json) => json switch
    {
        NullElementException missing => missing.ElementPath,
        { InnerException: JsonException { Path: not null } inner } => json.Path + PathOf(inner)[1..],
        _ => json.Path ?? "$",
    };

    private static Refusal EmptyAnswer(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound =>
            new(RefusalKind.NotFound, "route_not_found", $"There is no {context.Request.Method} {context.Request.Path}."),
        StatusCodes.Status405MethodNotAllowed =>
            new(RefusalKind.Malformed, "method_not_allowed", $"{context.Request.Path} does not take {context.Request.Method}."),
        StatusCodes.Status415UnsupportedMediaType => NotJson,
        StatusCodes.Status413PayloadTooLarge => CsvImport.TooLarge,
        var status => new(RefusalKind.Malformed, $"http_{status}", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status)),
    };
}

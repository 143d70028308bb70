using System.Text.Json;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;

namespace Licensing.Kernel.Dialects;

/// <summary>
/// One door of the system: which paths are its own, how its callers prove who they are, and the one place that turns a refusal
/// into its envelope. Handlers know none of this.
/// </summary>
public abstract class Dialect
{
    /// <summary>Paths that begin so belong to this door; the longest match wins.</summary>
    public abstract IReadOnlyList<string> Prefixes { get; }

    /// <summary>Names of the authentication schemes, tried in this order.</summary>
    public abstract IReadOnlyList<string> Schemes { get; }

    /// <summary>How the JSON of this door's bodies and answers is written.</summary>
    public virtual JsonSerializerOptions Json => ApiJson.Options;

    /// <summary>Whether a query parameter or property that no slice declares is refused.</summary>
    public virtual bool RefusesUnknown => true;

    public virtual int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Malformed => StatusCodes.Status400BadRequest,
        RefusalKind.Unauthenticated => StatusCodes.Status401Unauthorized,
        RefusalKind.PaymentRequired => StatusCodes.Status402PaymentRequired,
        RefusalKind.Forbidden => StatusCodes.Status403Forbidden,
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.PreconditionFailed => StatusCodes.Status412PreconditionFailed,
        RefusalKind.TooLarge => StatusCodes.Status413PayloadTooLarge,
        RefusalKind.UnsupportedMediaType => StatusCodes.Status415UnsupportedMediaType,
        RefusalKind.Invalid => StatusCodes.Status422UnprocessableEntity,
        RefusalKind.TooMany => StatusCodes.Status429TooManyRequests,
        RefusalKind.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        context.Refusal = refusal;
        if (refusal.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString();
        return WriteAsync(context, StatusOf(refusal.Kind), refusal);
    }

    /// <summary>Writes the envelope; <paramref name="status"/> may be one that no refusal has, such as 405 or 500.</summary>
    public abstract Task WriteAsync(HttpContext context, int status, Refusal refusal);

    /// <summary>The id by which an answer, its log lines and its audit entry are found together.</summary>
    public static string TraceOf(HttpContext context) =>
        System.Diagnostics.Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
}

/// <summary>Finds the door of a path, also where no route matches, so that even a 404 speaks the caller's dialect.</summary>
public sealed class Dialects(IEnumerable<Dialect> dialects)
{
    private readonly List<(string Prefix, Dialect Dialect)> _byPrefix =
        [.. dialects.SelectMany(d => d.Prefixes.Select(p => (p, d))).OrderByDescending(x => x.p.Length)];

    public Dialect Of(PathString path)
    {
        foreach (var (prefix, dialect) in _byPrefix)
            if (path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase) || prefix == "/")
                return dialect;
        throw new InvalidOperationException("One dialect must own '/'.");
    }
}

public static class DialectOfRequest
{
    extension(HttpContext context)
    {
        public Dialect Dialect
        {
            get => (Dialect)context.Items[typeof(Dialect)]!;
            internal set => context.Items[typeof(Dialect)] = value;
        }

        /// <summary>What this request was refused with, if it was.</summary>
        internal Refusal? Refusal
        {
            get => (Refusal?)context.Items[typeof(Refusal)];
            set => context.Items[typeof(Refusal)] = value;
        }
    }
}

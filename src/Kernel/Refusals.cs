using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace Licensing.Kernel;

/// <summary>Why something is refused. Each dialect turns a kind into its own status and envelope in one place.</summary>
public enum RefusalKind
{
    /// <summary>The request cannot be read: not JSON, an unknown property, a wrong type (400).</summary>
    Malformed,
    /// <summary>No one is known to ask (401).</summary>
    Unauthenticated,
    /// <summary>Prepaid credit does not cover it (402).</summary>
    PaymentRequired,
    /// <summary>The caller may see it but not do it (403).</summary>
    Forbidden,
    /// <summary>It does not exist for this caller (404).</summary>
    NotFound,
    /// <summary>The present state forbids it (409).</summary>
    Conflict,
    /// <summary>If-Match names another version (412).</summary>
    PreconditionFailed,
    /// <summary>Larger than this endpoint takes (413).</summary>
    TooLarge,
    /// <summary>A content type that this endpoint does not take (415).</summary>
    UnsupportedMediaType,
    /// <summary>Well-formed, but it breaks a rule (422).</summary>
    Invalid,
    /// <summary>Over the caller's rate (429).</summary>
    TooMany,
    /// <summary>Not possible now; the same call may succeed later (503).</summary>
    Unavailable,
}

/// <summary>One field that breaks a rule.</summary>
/// <param name="Pointer">JSON pointer into the request body, or <c>?name</c> for a query parameter.</param>
/// <param name="Code">The rule, snake_case; never renamed.</param>
/// <param name="Message">A sentence that names the field and the rule.</param>
public sealed record FieldError(string Pointer, string Code, string Message);

/// <summary>An expected "no". <paramref name="Code"/> is part of the API and never changes once shipped.</summary>
public sealed record Refusal(RefusalKind Kind, string Code, string Message)
{
    /// <summary>The fields at fault; empty where no single field is.</summary>
    public IReadOnlyList<FieldError> Fields { get; init; } = [];

    /// <summary>When a retry may succeed; only for <see cref="RefusalKind.TooMany"/> and <see cref="RefusalKind.Unavailable"/>.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the same call may succeed a moment later, although nobody is over a limit: never kept as the answer to a retry.</summary>
    public bool Transient { get; init; }

    /// <summary>Figures behind the refusal for machines, shown beside the message where a door has a place for them.</summary>
    public JsonObject? Content { get; init; }

    public static Refusal Field(string pointer, string code, string message) => AllFields([new(pointer, code, message)]);

    public static Refusal AllFields(IReadOnlyList<FieldError> fields) =>
        new(RefusalKind.Invalid, "validation_failed", fields.Count == 1 ? fields[0].Message : $"{fields.Count} fields break a rule.")
        { Fields = fields };
}

/// <summary>Why one item of a batch was refused, as it is told of each beside the others' outcomes.</summary>
public sealed record BatchError(string Code, string Message, IReadOnlyList<FieldError> Errors);

/// <summary>Lets the pipeline refuse any request without knowing what it answers.</summary>
public interface IResult<TSelf> where TSelf : IResult<TSelf>
{
    Refusal? Refusal { get; }

    static abstract TSelf Refuse(Refusal refusal);
}

/// <summary>A value, or the reason there is none. Bugs and outages are exceptions, never a <see cref="Licensing.Kernel.Refusal"/>.</summary>
public sealed class Result<T> : IResult<Result<T>> where T : notnull
{
    private readonly T? _value;

    private Result(T? value, Refusal? refusal) => (_value, Refusal) = (value, refusal);

    public Refusal? Refusal { get; }

    public bool Refused([NotNullWhen(true)] out Refusal? refusal, [NotNullWhen(false)] out T? value)
    {
        (refusal, value) = (Refusal, _value);
        return Refusal is not null;
    }

    public static Result<T> Refuse(Refusal refusal) => new(default, refusal);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Refusal refusal) => new(default, refusal);
}

/// <summary>The answer of something that has nothing to say beyond having been done.</summary>
public readonly record struct Done;

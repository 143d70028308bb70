using System.Text;
using System.Text.Json;
using FluentValidation;
using FluentValidation.Results;
using MediatR;

namespace Licensing.Kernel;

internal sealed class ValidationBehavior<TRequest, TResponse>(IEnumerable<IValidator<TRequest>> validators) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
    where TResponse : IResult<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        List<FieldError>? errors = null;
        foreach (var validator in validators)
        {
            var outcome = await validator.ValidateAsync(request, cancellationToken);
            if (!outcome.IsValid)
                (errors ??= []).AddRange(FieldErrors.Of(outcome));
        }

        return errors is null ? await next() : TResponse.Refuse(Refusal.AllFields(errors));
    }
}

public static class FieldErrors
{
    /// <summary>What a validator says, as a refusal says it; for the items of a batch, which are refused one by one.</summary>
    public static IReadOnlyList<FieldError> Of(ValidationResult outcome) =>
        [.. outcome.Errors.Select(failure =>
            new FieldError(JsonPointer.Of(failure.PropertyName), RuleCode(failure.ErrorCode), failure.ErrorMessage))];

    // "NotEmptyValidator" → "not_empty"; codes set by WithErrorCode are kept.
    private static string RuleCode(string code) => code.EndsWith("Validator", StringComparison.Ordinal)
        ? Persistence.SnakeCase.Of(code[..^"Validator".Length])
        : code;
}

public static class JsonPointer
{
    /// <summary><c>Charges[0].Tiers[2].UpTo</c> or a JsonException path <c>$.charges[0]</c> → <c>/charges/0</c> (RFC 6901).</summary>
    public static string Of(string propertyPath)
    {
        var pointer = new StringBuilder();
        foreach (var part in propertyPath.Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
            if (part != "$")
                pointer.Append('/').Append(PointerToken.Escape(JsonNamingPolicy.CamelCase.ConvertName(part.Trim('\''))));
        return pointer.ToString();
    }
}

using FluentValidation;

namespace Licensing.Identity.Organizations;

internal static class DetailsRules
{
    public static IRuleBuilderOptions<T, string> ExternalId<T>(this IRuleBuilder<T, string> rule) => rule.NotEmpty().MaximumLength(100)
        .Must(id => id is null || id == id.Trim() && !id.Any(char.IsControl)).WithErrorCode("malformed")
        .WithMessage("externalId must not begin or end with a space or hold control characters.");

    public static IRuleBuilderOptions<T, string> DisplayName<T>(this IRuleBuilder<T, string> rule) => rule.NotEmpty().MaximumLength(200)
        .Must(IsOneLine).WithErrorCode("malformed")
        .WithMessage("{PropertyName} must not hold control characters, line breaks or marks that turn the direction of writing.");

    /// <summary>Names stand in mails and lists: none may break out of its line, or turn what follows it around.</summary>
    public static bool IsOneLine(string? text) => text is null
        || !text.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));

    public static IRuleBuilderOptions<T, string?> Country<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(code => code is null || Countries.Codes.Contains(code)).WithErrorCode("unknown_country")
        .WithMessage("country must be an ISO 3166-1 alpha-2 code in capitals, such as DE.");
}

using FluentValidation;

namespace Licensing.Identity.Rights;

internal static class PermissionListRules
{
    private const int Most = 200;

    public static IRuleBuilderOptions<T, IReadOnlyList<string>?> Permissions<T>(this IRuleBuilder<T, IReadOnlyList<string>?> rule) => rule
        .NotEmpty().Must(p => p is not { Count: > Most }).WithErrorCode("too_many").WithMessage($"permissions has at most {Most} items.");
}

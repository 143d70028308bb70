using FluentValidation;

namespace Licensing.Identity.Clients;

internal static class ClientScopeRules
{
    private const int MostScopes = 200;

    /// <summary>Which of them the role has is asked later.</summary>
    public static IRuleBuilderOptions<T, IReadOnlyList<string>?> Scopes<T>(this IRuleBuilder<T, IReadOnlyList<string>?> rule) => rule
        .Must(scopes => scopes is null or { Count: > 0 and <= MostScopes }).WithErrorCode("count")
        .WithMessage($"scopes must have 1 to {MostScopes} entries, or be left out for all that the role allows.");
}

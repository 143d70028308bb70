using FluentValidation;
using Licensing.Identity.Rights;

namespace Licensing.Identity.ApiKeys;

internal static class KeyScopeRules
{
    private const int Most = 200;

    public static IRuleBuilderOptions<T, IReadOnlyList<string>?> Scopes<T>(this IRuleBuilder<T, IReadOnlyList<string>?> rule) => rule
        .Must(s => s is not { Count: > Most }).WithErrorCode("too_many").WithMessage($"scopes has at most {Most} items.");

    extension(RoleBook roles)
    {
        /// <summary>Why the caller may not make a key of <paramref name="role"/>, narrowed to <paramref name="scopes"/>, or null.</summary>
        public Refusal? RefusalOf(UsableRole role, IReadOnlyList<string> scopes, string path)
        {
            var wrong = scopes.Select((scope, i) => (Scope: scope, Pointer: $"/scopes/{i}"))
                .Select(s => !roles.Knows(s.Scope) ? RoleRefusals.UnknownPermission(s.Pointer, s.Scope)
                    : !role.Permissions.Contains(s.Scope) ? ApiKeyRefusals.NotInRole(s.Pointer, s.Scope, role.Name)
                    : roles.Exceeding([s.Scope], path) is not null ? RoleRefusals.NotHeld(s.Pointer, s.Scope)
                    : null)
                .OfType<Refusal>().SelectMany(r => r.Fields).ToList();
            return wrong.Count > 0 ? Refusal.AllFields(wrong)
                : scopes.Count == 0 && roles.Exceeding(role.Permissions, path) is { } more ? RoleRefusals.NotHeld("/role", more)
                : null;
        }
    }
}

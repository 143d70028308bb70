using System.Text.Json;
using System.Text.RegularExpressions;
using FluentValidation;

namespace Licensing.Identity.Settings;

internal sealed partial class BrandingValidator : AbstractValidator<BrandingPatch>
{
    public BrandingValidator()
    {
        RuleFor(x => x.Name.Value).MaximumLength(100).Must(x => x is null || x.Trim().Length > 0).WithErrorCode("not_empty")
            .WithMessage("name must not be empty; null clears it.").OverridePropertyName("Name");
        Url(RuleFor(x => x.LogoUrl.Value), "LogoUrl");
        Url(RuleFor(x => x.SupportUrl.Value), "SupportUrl");
        Color(RuleFor(x => x.PrimaryColor.Value), "PrimaryColor");
        Color(RuleFor(x => x.SecondaryColor.Value), "SecondaryColor");
        RuleFor(x => x.SupportEmail.Value).MaximumLength(254).EmailAddress().OverridePropertyName("SupportEmail");
    }

    // Shown in browsers and mails: nothing but a plain https address, so no script and no credentials.
    private static void Url(IRuleBuilder<BrandingPatch, string?> rule, string name) => rule.MaximumLength(500)
        .Must(x => x is null || (Uri.TryCreate(x, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0
            && !x.Any(c => char.IsWhiteSpace(c) || c is '"' or '<' or '>' or '\'')))
        .WithErrorCode("not_https").WithMessage($"{Shown(name)} must be an address that begins with https://.").OverridePropertyName(name);

    private static void Color(IRuleBuilder<BrandingPatch, string?> rule, string name) => rule
        .Must(x => x is null || Rgb().IsMatch(x)).WithErrorCode("not_a_color")
        .WithMessage($"{Shown(name)} must be a color such as #1a2b3c.").OverridePropertyName(name);

    private static string Shown(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);

    [GeneratedRegex(@"^#[0-9a-fA-F]{6}\z")]
    private static partial Regex Rgb();
}

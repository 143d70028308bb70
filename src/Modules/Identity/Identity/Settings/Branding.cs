using System.Text.Json;
using System.Text.RegularExpressions;
using FluentValidation;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>What an organisation says of how it looks; null is nothing.</summary>
internal sealed record OwnBranding(
    string? Name = null, string? LogoUrl = null, string? PrimaryColor = null, string? SecondaryColor = null, string? SupportEmail = null,
    string? SupportUrl = null) : IOwnSettings
{
    public static SettingArea Area => SettingArea.Branding;
}

internal sealed record EffectiveBranding(
    Effective<string?> Name, Effective<string?> LogoUrl, Effective<string?> PrimaryColor, Effective<string?> SecondaryColor,
    Effective<string?> SupportEmail, Effective<string?> SupportUrl)
{
    public static EffectiveBranding Of(Chain<OwnBranding> chain) => new(
        chain.Nearest<string?>(x => x.Name, null), chain.Nearest<string?>(x => x.LogoUrl, null), chain.Nearest<string?>(x => x.PrimaryColor, null),
        chain.Nearest<string?>(x => x.SecondaryColor, null), chain.Nearest<string?>(x => x.SupportEmail, null),
        chain.Nearest<string?>(x => x.SupportUrl, null));

    public BrandingSettings Values => new(
        Name.Value, LogoUrl.Value, PrimaryColor.Value, SecondaryColor.Value, SupportEmail.Value, SupportUrl.Value);
}

/// <summary>Absent leaves a value, null clears it so that the one above shows through.</summary>
internal sealed record BrandingPatch : ISettingsPatch<OwnBranding>
{
    public Optional<string?> Name { get; init; }
    public Optional<string?> LogoUrl { get; init; }
    public Optional<string?> PrimaryColor { get; init; }
    public Optional<string?> SecondaryColor { get; init; }
    public Optional<string?> SupportEmail { get; init; }
    public Optional<string?> SupportUrl { get; init; }

    public OwnBranding On(OwnBranding own) => new(
        Name.Or(own.Name), LogoUrl.Or(own.LogoUrl), PrimaryColor.Or(own.PrimaryColor), SecondaryColor.Or(own.SecondaryColor),
        SupportEmail.Or(own.SupportEmail), SupportUrl.Or(own.SupportUrl));

    public Refusal? Against(Chain<OwnBranding> above, OwnBranding own, string path, Scope reach, string at) => null;
}

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

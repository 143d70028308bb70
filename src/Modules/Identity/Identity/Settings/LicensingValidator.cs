using FluentValidation;

namespace Licensing.Identity.Settings;

internal sealed class LicensingValidator : AbstractValidator<LicensingPatch>
{
    public LicensingValidator()
    {
        RuleFor(x => x.Signed.Value!.Issuer.Value).Must(Claim).WithErrorCode("length").WithMessage("issuer must have 1 to 200 characters.")
            .When(x => x.Signed.Value is not null).OverridePropertyName("Signed.Issuer");
        RuleFor(x => x.Signed.Value!.Audience.Value).Must(Claim).WithErrorCode("length").WithMessage("audience must have 1 to 200 characters.")
            .When(x => x.Signed.Value is not null).OverridePropertyName("Signed.Audience");
    }

    private static bool Claim(string? text) => text is null or { Length: > 0 and <= 200 };
}

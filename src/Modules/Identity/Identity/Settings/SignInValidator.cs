using System.Text.RegularExpressions;
using FluentValidation;

namespace Licensing.Identity.Settings;

internal sealed partial class SignInValidator : AbstractValidator<SignInPatch>
{
    private const int MostProviders = 20;

    public SignInValidator()
    {
        RuleFor(x => x.SessionHours.Value).InclusiveBetween(1, EffectiveSignIn.MostHours).OverridePropertyName("SessionHours");
        RuleFor(x => x.FederationProviders.Value).Must(x => x is null || x.Count <= MostProviders).WithErrorCode("too_many")
            .WithMessage($"federationProviders has at most {MostProviders} entries.").OverridePropertyName("FederationProviders");
        RuleForEach(x => x.FederationProviders.Value).Must(x => Name().IsMatch(x)).WithErrorCode("malformed")
            .WithMessage("A provider's name has 1 to 50 letters, digits, dots, underscores and hyphens.").OverridePropertyName("FederationProviders");
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,50}\z")]
    private static partial Regex Name();
}

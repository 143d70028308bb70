using FluentValidation;
using Licensing.Identity.Users;

namespace Licensing.Identity.Organizations;

internal sealed class NewAdministratorValidator : AbstractValidator<NewAdministrator>
{
    public NewAdministratorValidator()
    {
        RuleFor(x => x.Email).MailAddress();
        RuleFor(x => x.DisplayName).DisplayName();
    }
}

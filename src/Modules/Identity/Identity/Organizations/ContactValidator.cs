using FluentValidation;
using Licensing.Identity.Users;

namespace Licensing.Identity.Organizations;

internal sealed class ContactValidator : AbstractValidator<Contact>
{
    public ContactValidator()
    {
        RuleFor(x => x.Name).MaximumLength(200);
        RuleFor(x => x.Email).PlainAddress();
        RuleFor(x => x.Phone).MaximumLength(50);
    }
}

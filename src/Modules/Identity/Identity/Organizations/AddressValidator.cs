using FluentValidation;

namespace Licensing.Identity.Organizations;

internal sealed class AddressValidator : AbstractValidator<BillingAddress>
{
    public AddressValidator()
    {
        RuleFor(x => x.Lines).NotEmpty().Must(lines => lines.Count <= 6).WithErrorCode("too_many").WithMessage("lines has at most 6 entries.");
        RuleForEach(x => x.Lines).NotEmpty().MaximumLength(200);
        RuleFor(x => x.City).MaximumLength(100);
        RuleFor(x => x.PostalCode).MaximumLength(20);
        RuleFor(x => x.Region).MaximumLength(100);
    }
}

using FluentValidation;

namespace Licensing.Identity.Organizations;

/// <summary>What holds for the details of every level.</summary>
internal abstract class DetailsValidator<T> : AbstractValidator<T> where T : IOrganizationDetails
{
    protected DetailsValidator()
    {
        RuleFor(x => x.ExternalId).ExternalId();
        RuleFor(x => x.DisplayName).DisplayName();
        RuleFor(x => x.LegalName).MaximumLength(200);
        RuleFor(x => x.TaxId).MaximumLength(50);
        RuleFor(x => x.Country).Country();
        RuleFor(x => x.Contact!).SetValidator(new ContactValidator()).When(x => x.Contact is not null);
        RuleFor(x => x.BillingAddress!).SetValidator(new AddressValidator()).When(x => x.BillingAddress is not null);
        RuleFor(x => x.Administrator!).SetValidator(new NewAdministratorValidator()).When(x => x.Administrator is not null);
    }
}

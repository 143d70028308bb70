using FluentValidation;
using Licensing.Identity.Users;

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

internal sealed class ContactValidator : AbstractValidator<Contact>
{
    public ContactValidator()
    {
        RuleFor(x => x.Name).MaximumLength(200);
        RuleFor(x => x.Email).MaximumLength(254).EmailAddress();
        RuleFor(x => x.Phone).MaximumLength(50);
    }
}

internal sealed class NewAdministratorValidator : AbstractValidator<NewAdministrator>
{
    public NewAdministratorValidator()
    {
        RuleFor(x => x.Email).MailAddress();
        RuleFor(x => x.DisplayName).DisplayName();
    }
}

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

internal static class DetailsRules
{
    public static IRuleBuilderOptions<T, string> ExternalId<T>(this IRuleBuilder<T, string> rule) => rule.NotEmpty().MaximumLength(100)
        .Must(id => id is null || id == id.Trim() && !id.Any(char.IsControl)).WithErrorCode("malformed")
        .WithMessage("externalId must not begin or end with a space or hold control characters.");

    public static IRuleBuilderOptions<T, string> DisplayName<T>(this IRuleBuilder<T, string> rule) => rule.NotEmpty().MaximumLength(200)
        .Must(IsOneLine).WithErrorCode("malformed")
        .WithMessage("{PropertyName} must not hold control characters, line breaks or marks that turn the direction of writing.");

    /// <summary>Names stand in mails and lists: none may break out of its line, or turn what follows it around.</summary>
    public static bool IsOneLine(string? text) => text is null
        || !text.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'));

    public static IRuleBuilderOptions<T, string?> Country<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(code => code is null || Countries.Codes.Contains(code)).WithErrorCode("unknown_country")
        .WithMessage("country must be an ISO 3166-1 alpha-2 code in capitals, such as DE.");
}

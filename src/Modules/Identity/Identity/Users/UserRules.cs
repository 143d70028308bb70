using System.Text;
using System.Text.RegularExpressions;
using FluentValidation;
using Licensing.Identity.Organizations;

namespace Licensing.Identity.Users;

/// <summary>What holds for the fields of a user, in every request that names them.</summary>
internal static partial class UserRules
{
    public static IRuleBuilderOptions<T, string?> MailAddress<T>(this IRuleBuilder<T, string?> rule) => rule.NotEmpty().PlainAddress();

    /// <summary>Whose letters are counted is told by the text, so there is one text for a mailbox: no name before it, no list of several.</summary>
    public static IRuleBuilderOptions<T, string?> PlainAddress<T>(this IRuleBuilder<T, string?> rule) => rule
        .MaximumLength(254).EmailAddress()
        .Must(address => address is null || !address.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or ',' or ';' or '"'))
        .WithErrorCode("malformed").WithMessage("email must be one plain address such as ada@example.com.").InAscii();

    /// <summary>
    /// Case is folded here and by the database, which agree on nothing else; and other letters reach no mailbox that does not ask for them.
    /// </summary>
    private static IRuleBuilderOptions<T, string?> InAscii<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(address => address is null || Ascii.IsValid(address)).WithErrorCode("not_ascii")
        .WithMessage("email must be plain ASCII: write an internationalised domain in its xn-- form, such as ada@xn--bcher-kva.example.");

    public static IRuleBuilderOptions<T, string?> Username<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(name => name is null || UsernamePattern().IsMatch(name)).WithErrorCode("malformed")
        .WithMessage("username must be 3 to 64 letters, digits, dots, dashes or underscores.");

    public static IRuleBuilderOptions<T, string?> PersonName<T>(this IRuleBuilder<T, string?> rule) => rule.MaximumLength(100)
        .Must(DetailsRules.IsOneLine).WithErrorCode("malformed").WithMessage("{PropertyName} must not hold control characters or line breaks.");

    public static IRuleBuilderOptions<T, string?> Phone<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(number => number is null || PhonePattern().IsMatch(number)).WithErrorCode("malformed")
        .WithMessage("{PropertyName} must be an E.164 number such as +4930123456.");

    public static IRuleBuilderOptions<T, string?> Notes<T>(this IRuleBuilder<T, string?> rule) => rule.MaximumLength(2_000);

    /// <summary>Read at all; what it must be is the policy's, which knows its owner.</summary>
    public static IRuleBuilderOptions<T, string?> NewPassword<T>(this IRuleBuilder<T, string?> rule) =>
        rule.NotEmpty().MaximumLength(PasswordPolicy.LongestInput);

    public static IRuleBuilderOptions<T, string?> OneTimeToken<T>(this IRuleBuilder<T, string?> rule) => rule.NotEmpty().MaximumLength(200);

    [GeneratedRegex(@"^[A-Za-z0-9._-]{3,64}\z")]
    private static partial Regex UsernamePattern();

    [GeneratedRegex(@"^\+[1-9][0-9]{6,14}\z")]
    private static partial Regex PhonePattern();
}

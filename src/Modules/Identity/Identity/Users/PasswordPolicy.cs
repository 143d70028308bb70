using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Users;

/// <summary>
/// What a password must be: long, and neither well known nor made of its owner's names. No rule of letters and digits, which only
/// makes people write <c>Password1!</c> (NIST SP 800-63B).
/// </summary>
internal sealed class PasswordPolicy : IPasswordValidator<User>
{
    public const int ShortestAllowed = 12;

    /// <summary>Of those that partners give their customers.</summary>
    public const int ShortestOfCustomers = 8;

    /// <summary>Of those that resellers give their accounts' users: more than 8.</summary>
    public const int ShortestOfResellers = 9;

    private const int LeastKindsOfResellers = 3;

    /// <summary>Of what is read at all; a password this long is refused before it is hashed.</summary>
    public const int LongestInput = 1_024;

    // What must be left of a password when its owner's names are taken out.
    private const int LeastOwn = 8;
    private const int ShortestName = 4;

    private readonly int _shortest;
    private readonly int _longest;

    public PasswordPolicy(IConfiguration configuration)
    {
        _shortest = configuration.GetValue("Security:ShortestPassword", ShortestAllowed);
        _longest = configuration.GetValue("Security:LongestPassword", 128);
        if (_shortest < ShortestAllowed || _longest < 64 || _longest > LongestInput)
            throw new InvalidOperationException(
                $"Security:ShortestPassword must be at least {ShortestAllowed}, and Security:LongestPassword 64 to {LongestInput}.");
    }

    public Task<IdentityResult> ValidateAsync(UserManager<User> manager, User user, string? password) =>
        Task.FromResult(Broken(user, password ?? "", _shortest) is { } broken ? IdentityResult.Failed(broken) : IdentityResult.Success);

    /// <summary>For the customer area, whose contract takes shorter ones (ADR 0019), unless the platform asks for more than its default.</summary>
    public IdentityError? BrokenByCustomer(User user, string password) =>
        Broken(user, password, _shortest > ShortestAllowed ? _shortest : ShortestOfCustomers);

    /// <summary>
    /// For the reseller service, whose contract says "more than 8 characters, complex" (ADR 0067), unless the platform asks for more than its
    /// default.
    /// </summary>
    public IdentityError? BrokenByReseller(User user, string password) =>
        Broken(user, password, _shortest > ShortestAllowed ? _shortest : ShortestOfResellers)
        ?? (new Func<char, bool>[] { char.IsUpper, char.IsLower, char.IsDigit, c => !char.IsLetterOrDigit(c) }.Count(password.Any)
            < LeastKindsOfResellers
            ? Rule("not_complex", "must have characters of three kinds: capitals, small letters, digits and others.")
            : null);

    private IdentityError? Broken(User user, string password, int shortest) =>
        password.Length < shortest ? Rule("too_short", $"must have at least {shortest} characters.")
        : password.Length > _longest ? Rule("too_long", $"must have at most {_longest} characters.")
        : IsWellKnown(password) ? Rule("common_password", "is one of the passwords that are tried first; choose another.")
        : IsOwnName(user, password) ? Rule("like_own_name", "must not be made of the user's e-mail address or name.")
        : null;

    /// <summary>
    /// Also in another case, with digits around it, with look-alikes in it, with its words apart, or something short said again and again.
    /// </summary>
    internal static bool IsWellKnown(string password)
    {
        var plain = password.ToLowerInvariant();
        return Unit(plain).Length <= 4
            || new[] { plain, Core(plain), Joined(plain), Core(Joined(plain)) }.SelectMany(x => new[] { x, Spelt(x) })
                .Any(x => WellKnownPasswords.All.Contains(x) || WellKnownPasswords.All.Contains(Unit(x)));
    }

    private static bool IsOwnName(User user, string password)
    {
        var left = password;
        // The longest first, or a part of the address would spoil the whole.
        foreach (var name in new[] { user.Email, user.Email.Split('@')[0], user.Username, user.DisplayName, user.FirstName, user.LastName }
            .OfType<string>().Where(n => n.Length >= ShortestName).OrderByDescending(n => n.Length))
            left = left.Replace(name, "", StringComparison.OrdinalIgnoreCase);
        return left.Length < password.Length && left.Length < LeastOwn;
    }

    private static string Core(string text) => text.Trim([.. "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]);

    private static string Joined(string text) => string.Concat(text.Where(c => c is not (' ' or '-' or '_' or '.')));

    private static string Spelt(string text) => string.Create(text.Length, text, (spelt, from) =>
    {
        for (var i = 0; i < from.Length; i++)
            spelt[i] = from[i] switch { '0' => 'o', '1' or '!' => 'i', '3' => 'e', '4' or '@' => 'a', '5' or '$' => 's', '7' => 't', var c => c };
    });

    // "passwordpassword" → "password", "abcabcabcabc" → "abc".
    private static string Unit(string text)
    {
        for (var length = 1; length <= text.Length / 2; length++)
            if (text.Length % length == 0 && text.AsSpan(length).SequenceEqual(text.AsSpan(0, text.Length - length)))
                return text[..length];
        return text;
    }

    private static IdentityError Rule(string code, string description) => new() { Code = code, Description = description };
}

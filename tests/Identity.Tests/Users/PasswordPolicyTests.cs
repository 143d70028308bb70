using Licensing.Identity.Users;

namespace Licensing.Identity.Tests.Users;

public sealed class PasswordPolicyTests
{
    [Theory]
    [InlineData("password1234")]
    [InlineData("PASSWORD!!!!")]
    [InlineData("p@$$w0rd2026")]
    [InlineData("Welcome12345!")]
    [InlineData("2026Sommer2026")]
    [InlineData("qwertyuiop123")]
    [InlineData("1qaz2wsx3edc4rfv")]
    [InlineData("123456789012")]
    [InlineData("000000000000")]
    [InlineData("abcabcabcabc")]
    [InlineData("letmeinletmein")]
    public void What_is_tried_first_is_well_known(string password) => PasswordPolicy.IsWellKnown(password).ShouldBeTrue();

    [Theory]
    [InlineData("Sunshine-Princess")]
    [InlineData("m0nkey.dr4gon!")]
    [InlineData("1L0veChocolate")]
    [InlineData("asdfghqwerty")]
    [InlineData("zyxwvutsrqponm")]
    [InlineData("3edc2wsx1qaz")]
    public void What_is_made_of_well_known_words_by_the_usual_rules_is_well_known(string password) =>
        PasswordPolicy.IsWellKnown(password).ShouldBeTrue();

    [Fact]
    public void Three_thousand_that_are_long_enough_are_known_in_any_case_and_with_look_alikes()
    {
        var known = WellKnownPasswords.All.Where(p => p.Length is >= PasswordPolicy.ShortestAllowed and <= 128).ToList();

        known.Count.ShouldBeGreaterThan(3_000);
        // Most are of words, and neither rows of keys nor runs.
        known.Count(p => p.All(char.IsAsciiLetter)).ShouldBeInRange(10_000, 20_000);
        known.Where(p => !PasswordPolicy.IsWellKnown(p.ToUpperInvariant())).ShouldBeEmpty();
        known.Where(p => p.All(char.IsAsciiLetter) && !PasswordPolicy.IsWellKnown(Disguised(p))).ShouldBeEmpty();

        static string Disguised(string password) =>
            password.Replace('o', '0').Replace('e', '3').Replace('a', '@').Replace('i', '1').Replace('s', '$');
    }

    [Theory]
    [InlineData("a long enough password")]
    [InlineData("correct horse battery staple")]
    [InlineData("482910573846")]
    [InlineData("summer rain on tin")]
    [InlineData("two monkeys in a server room")]
    [InlineData("marzipan-lantern-sail")]
    [InlineData("Xk3!vTq9#mLp")]
    public void What_is_a_persons_own_is_not_well_known(string password) => PasswordPolicy.IsWellKnown(password).ShouldBeFalse();
}

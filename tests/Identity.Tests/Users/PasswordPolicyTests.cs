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
    [InlineData("a long enough password")]
    [InlineData("correct horse battery staple")]
    [InlineData("482910573846")]
    [InlineData("summer rain on tin")]
    [InlineData("Xk3!vTq9#mLp")]
    public void What_is_a_persons_own_is_not(string password) => PasswordPolicy.IsWellKnown(password).ShouldBeFalse();
}

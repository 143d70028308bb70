namespace Licensing.Kernel.Tests.Principals;

public sealed class ScopeTests
{
    [Theory]
    [InlineData("1.2.3.", "1.2.3.", "1.2.3.")]
    [InlineData("1.2.3.", "1.2.3.4.", "1.2.3.")]
    [InlineData("1.2.3.4.", "1.2.3.", "1.2.3.")]
    // Codes that begin alike are no node.
    [InlineData("1.2.31.", "1.2.32.", "1.2.")]
    [InlineData("1.2.3.", "1.2.31.", "1.2.")]
    [InlineData("1.", "2.", "")]
    public void What_two_have_in_common_is_the_lowest_node_above_both(string path, string other, string common) =>
        Scope.Common(path, other).ShouldBe(common);
}

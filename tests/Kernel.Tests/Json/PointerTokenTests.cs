namespace Licensing.Kernel.Tests.Json;

public sealed class PointerTokenTests
{
    [Theory]
    [InlineData("seats", "seats")]
    [InlineData("a/b", "a~1b")]
    [InlineData("a~b", "a~0b")]
    [InlineData("~1", "~01")]
    public void A_name_stays_one_step_of_its_pointer(string name, string token) => PointerToken.Escape(name).ShouldBe(token);
}

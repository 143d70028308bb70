using Licensing.Kernel.Http;

namespace Licensing.Kernel.Tests.Http;

public sealed class QueryWordTests
{
    private enum Colour { Red, DarkBlue }

    [Theory]
    [InlineData(null, null)]
    [InlineData("Red", "Red")]
    [InlineData("darkblue", "DarkBlue")]
    public void A_word_is_read_in_any_case_and_may_be_missing(string? text, string? read)
    {
        QueryWord.Refuses<Colour>("colour", text, out var word, out _).ShouldBeFalse();
        word?.ToString().ShouldBe(read);
        (word is null).ShouldBe(read is null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("green")]
    [InlineData("1")]
    [InlineData("Red,DarkBlue")]
    [InlineData(" Red")]
    public void Anything_else_is_refused_with_the_words_that_are_known(string text)
    {
        QueryWord.Refuses<Colour>("colour", text, out _, out var refusal).ShouldBeTrue();
        (refusal!.Kind, refusal.Code, refusal.Message).ShouldBe((RefusalKind.Malformed, "invalid_parameter", "colour must be one of Red, DarkBlue."));
        refusal.Fields.ShouldHaveSingleItem().Pointer.ShouldBe("?colour");
    }
}

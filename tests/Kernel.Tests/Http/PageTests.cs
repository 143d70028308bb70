using System.Buffers.Text;
using Licensing.Kernel.Http;

namespace Licensing.Kernel.Tests.Http;

public sealed class PageTests
{
    private static readonly Guid[] NoRows = [];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Rows_up_to_a_whole_page_are_the_last_page(int count)
    {
        var page = Page.Of(Rows(count), new PageStart(3, null), x => x);

        (page.Items.Count, page.Next).ShouldBe((count, null));
    }

    [Fact]
    public void One_row_more_than_a_page_is_left_to_the_next_which_starts_after_the_last_that_is_shown()
    {
        var page = Page.Of(Rows(4), new PageStart(3, null), x => x);

        page.Items.ShouldBe(["r1", "r2", "r3"]);
        PageStart.Read(3, page.Next).Refused(out _, out var next).ShouldBeFalse();
        next.ShouldBe(new PageStart(3, "r3"));
    }

    [Fact]
    public void A_page_of_what_its_items_show_goes_on_where_it_did() =>
        new Page<string>(["a", "bb"], "there").Select(x => x.Length).ShouldSatisfyAllConditions(
            page => page.Items.ShouldBe([1, 2]), page => page.Next.ShouldBe("there"));

    [Theory]
    [InlineData(null, 50)]
    [InlineData(1, 1)]
    [InlineData(200, 200)]
    public void A_page_has_1_to_200_items(int? limit, int read)
    {
        PageStart.Read(limit, null).Refused(out _, out var start).ShouldBeFalse();
        start.ShouldBe(new PageStart(read, null));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(201)]
    public void Any_other_length_is_refused(int limit)
    {
        PageStart.Read(limit, null).Refused(out var refusal, out _).ShouldBeTrue();
        (refusal!.Kind, refusal.Code).ShouldBe((RefusalKind.Malformed, "invalid_limit"));
        refusal.Fields.ShouldHaveSingleItem().Pointer.ShouldBe("?limit");
    }

    [Theory]
    [InlineData("")]
    [InlineData("r3")]
    [InlineData("2026-01-31 EUR USD")]
    [InlineData("Müller\n\"ключ\" 😀")]
    public void A_cursor_says_what_it_was_made_of(string key)
    {
        PageStart.Read(null, PageStart.Encode(key)).Refused(out _, out var start).ShouldBeFalse();
        start!.After.ShouldBe(key);
    }

    [Theory]
    [InlineData("not base64!")]
    [InlineData("a")]
    [InlineData("YQ==YQ")]
    public void A_forged_cursor_is_refused(string cursor) => Refused(cursor);

    [Fact]
    public void A_cursor_with_a_character_that_no_key_holds_is_refused() => Refused(Base64Url.EncodeToString("r\0"u8));

    [Fact]
    public void A_cursor_longer_than_any_that_is_given_is_refused()
    {
        // Base64 of 3,072 bytes is 4,096 characters.
        PageStart.Read(null, PageStart.Encode(new string('x', 3072))).Refused(out _, out _).ShouldBeFalse();
        Refused(PageStart.Encode(new string('x', 3073)));
    }

    [Fact]
    public async Task A_list_by_id_refuses_a_cursor_that_is_none_of_its_ids()
    {
        var page = await NoRows.AsQueryable().ToPageAsync(
            new PageStart(3, "r3"), x => x, x => x, x => x, TestContext.Current.CancellationToken);

        page.Refused(out var refusal, out _).ShouldBeTrue();
        refusal.ShouldBe(PageStart.InvalidCursor);
    }

    private static void Refused(string cursor)
    {
        PageStart.Read(null, cursor).Refused(out var refusal, out _).ShouldBeTrue();
        (refusal!.Kind, refusal.Code).ShouldBe((RefusalKind.Malformed, "invalid_cursor"));
        refusal.Fields.ShouldHaveSingleItem().Pointer.ShouldBe("?after");
    }

    private static List<string> Rows(int count) => [.. Enumerable.Range(1, count).Select(i => $"r{i}")];
}

using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;

namespace Licensing.Kernel.Tests.Http;

public sealed class CsvImportTests
{
    private static readonly (string Name, bool Needed)[] Columns = [("key", true), ("name", false), ("note", false)];

    [Fact]
    public void Rows_come_with_their_number_and_their_cells_by_column() =>
        Shown(Read("name,key\r\nx,1\r\n, 2 \r\n")).ShouldBe(["2 name=x key=1", "3 name= key= 2 "]);

    [Theory]
    [InlineData("")]
    [InlineData("name")]
    [InlineData("name\nx\n")]
    [InlineData("Key\n1\n", "1 Key unknown_column")]
    public void A_file_without_a_needed_column_has_no_rows(string text, params string[] besides) =>
        Shown(Read(text)).ShouldBe(["1 key required_column", .. besides]);

    [Fact]
    public void A_header_alone_is_no_error() => Shown(Read("key,name")).ShouldBeEmpty();

    [Fact]
    public void The_header_may_have_blanks_around_its_names() => Shown(Read(" key , name\n1,x\n")).ShouldBe(["2 key=1 name=x"]);

    [Fact]
    public void Columns_that_there_are_not_and_columns_twice_are_told_at_once() =>
        Shown(Read("key,colour,name,name,key,size\n1,2,3,4,5,6\n")).ShouldBe(
        ["1 colour unknown_column", "1 size unknown_column", "1 key duplicate", "1 name duplicate"]);

    [Fact]
    public void A_quoted_cell_holds_commas_quotes_and_line_breaks_and_is_one_row() =>
        Shown(Read("key,name\n\"a,b\",\"one\r\n\"\"two\"\"\n\"\nz,\n")).ShouldBe(["2 key=a,b name=one\r\n\"two\"\n", "3 key=z name="]);

    [Theory]
    [InlineData("1\"2")]
    [InlineData("\"1\"2")]
    [InlineData(" \"1\"")]
    [InlineData("\"1\n2,y")]
    public void A_quote_that_is_misplaced_or_not_closed_is_an_error_of_its_row(string cell) =>
        Shown(Read($"key\n0\n{cell}\n")).ShouldBe(["2 key=0", "3  malformed_quotes"]);

    [Fact]
    public void A_quote_that_is_not_closed_in_the_header_leaves_no_rows() => Shown(Read("key,\"name\n1,x\n"))[0].ShouldBe("1  malformed_quotes");

    [Fact]
    public void Blank_rows_are_left_out_and_counted() => Shown(Read("key,name\n\n1,x\n,\n2,y\n")).ShouldBe(["3 key=1 name=x", "5 key=2 name=y"]);

    [Fact]
    public void A_row_has_as_many_cells_as_the_header() =>
        Shown(Read("key,name\n1\n1,2,3\n1,2\n")).ShouldBe(["4 key=1 name=2", "2  cells", "3  cells"]);

    [Fact]
    public void A_cell_with_a_character_that_cannot_be_kept_is_an_error() =>
        Shown(Read("key,name\n1,a\0b\n2,c\n")).ShouldBe(["3 key=2 name=c", "2  invalid_character"]);

    [Fact]
    public void As_many_rows_are_taken_as_are_allowed_blank_ones_aside() =>
        Shown(Read("key\n1\n\n2\n", mostRows: 2)).ShouldBe(["2 key=1", "4 key=2"]);

    [Fact]
    public void The_first_row_too_many_is_told_and_ends_it() =>
        Shown(Read("key\n1\n2\n3\n4\n", mostRows: 2)).ShouldBe(["2 key=1", "3 key=2", "4  too_many_rows"]);

    [Theory]
    [InlineData(50, "2 c0=")]
    [InlineData(51, "1  too_many_columns")]
    public void A_header_has_at_most_fifty_columns(int count, string first)
    {
        var columns = Enumerable.Range(0, count).Select(i => ($"c{i}", false)).ToList();
        var text = $"{string.Join(',', columns.Select(c => c.Item1))}\n{string.Concat(Enumerable.Repeat(",", count - 1))}1\n";

        Shown(Read(text, columns: columns)).ShouldHaveSingleItem().ShouldStartWith(first);
    }

    [Fact]
    public void A_mark_of_the_byte_order_is_no_part_of_the_text()
    {
        TextOf([0xEF, 0xBB, 0xBF, .. "key"u8]).ShouldBe("key");
        TextOf([.. "key"u8]).ShouldBe("key");
        TextOf([]).ShouldBe("");
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0x28 })]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x6B, 0x00 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    public void What_is_not_UTF_8_is_refused(byte[] body)
    {
        CsvImport.TextOf(body).Refused(out var refusal, out _).ShouldBeTrue();
        (refusal!.Kind, refusal.Code).ShouldBe((RefusalKind.Malformed, "not_utf8"));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(5000, null)]
    [InlineData(5000, 1)]
    [InlineData(5001, null, true)]
    [InlineData(5001, 5000, true)]
    public async Task A_body_is_read_up_to_a_limit_whatever_it_says_of_its_length(int length, int? said, bool tooLong = false)
    {
        using var sent = new MemoryStream(new byte[length]);
        var request = new DefaultHttpContext { Request = { Body = sent, ContentLength = said } }.Request;

        var read = await request.ReadUpToAsync(5000, TestContext.Current.CancellationToken);

        (read?.Length).ShouldBe(tooLong ? null : length);
    }

    [Fact]
    public void The_first_hundred_errors_are_kept_in_the_order_of_their_rows_and_all_are_counted()
    {
        var errors = new RowErrors();
        errors.Add(200, "key", "late", "comes first.");
        errors.AddRange(Enumerable.Range(2, RowErrors.Most).Select(row => RowError.Of(row, "", "wrong", "it is wrong.")));

        (errors.Count, errors.First.Count).ShouldBe((101, 100));
        (errors.First[0].Row, errors.First[^2].Row, errors.First[^1].Row).ShouldBe((2, 100, 200));
        var refusal = errors.ToRefusal();
        (refusal.Kind, refusal.Code, refusal.Fields.Count).ShouldBe((RefusalKind.Invalid, "validation_failed", 100));
        refusal.Message.ShouldBe("The file breaks rules in 101 places; the first 100 that were found are listed.");
    }

    [Fact]
    public void An_error_points_to_its_row_and_column()
    {
        RowError.Of(3, "a/b", "wrong", "it is wrong.").ToField().ShouldBe(new FieldError("/rows/3/a~1b", "wrong", "Row 3, a/b: it is wrong."));
        RowError.Of(3, "", "wrong", "it is wrong.").ToField().ShouldBe(new FieldError("/rows/3", "wrong", "Row 3: it is wrong."));
    }

    [Fact]
    public void Of_what_a_file_says_a_message_repeats_so_much()
    {
        var longest = new string('x', 60);
        CsvImport.Quote(longest).ShouldBe(longest);
        CsvImport.Quote(longest + "y").ShouldBe(longest + "…");
        Shown(Read($"key,{longest}y\n")).ShouldBe([$"1 {longest}… unknown_column"]);
    }

    private static (List<CsvRow> Rows, RowErrors Errors) Read(
        string text, int mostRows = 10, IReadOnlyList<(string Name, bool Needed)>? columns = null)
    {
        var errors = new RowErrors();
        return ([.. CsvImport.Rows(text, columns ?? Columns, mostRows, errors)], errors);
    }

    private static List<string> Shown((List<CsvRow> Rows, RowErrors Errors) read) =>
    [
        .. read.Rows.Select(r => $"{r.Number} {string.Join(' ', r.Cells.Select(c => $"{c.Key}={c.Value}"))}"),
        .. read.Errors.First.Select(e => $"{e.Row} {e.Column} {e.Code}"),
    ];

    private static string TextOf(byte[] body) =>
        CsvImport.TextOf(body).Refused(out var refusal, out var text) ? throw new InvalidOperationException(refusal.Message) : text;
}

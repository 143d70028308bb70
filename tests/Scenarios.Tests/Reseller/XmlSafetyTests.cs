using System.Net;
using System.Text;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>What XML could do to a reader, refused; and what partners' serializers write, read.</summary>
public sealed class XmlSafetyTests(App app) : IClassFixture<App>
{
    private const string Fields =
        "<CountryCode>DE</CountryCode><CurrencyCode>EUR</CurrencyCode><ContactEmail>a@b.example</ContactEmail>";

    public static TheoryData<string, string> Hostile => new()
    {
        { "a document type", $"<!DOCTYPE r><r><Name>x</Name>{Fields}</r>" },
        { "an external entity", $"<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><r><Name>&e;</Name>{Fields}</r>" },
        { "an external parameter entity", $"<!DOCTYPE r [<!ENTITY % e SYSTEM \"http://127.0.0.1:9/x\"> %e;]><r><Name>x</Name>{Fields}</r>" },
        {
            "a billion laughs",
            "<!DOCTYPE r [<!ENTITY a0 \"ha\">" + string.Concat(Enumerable.Range(1, 9).Select(i =>
                $"<!ENTITY a{i} \"{string.Concat(Enumerable.Repeat($"&a{i - 1};", 10))}\">")) + $"]><r><Name>&a9;</Name>{Fields}</r>"
        },
        { "an entity of nobody", $"<r><Name>&lol;</Name>{Fields}</r>" },
        {
            "a depth",
            $"<r><Name>{string.Concat(Enumerable.Repeat("<a>", 5_000))}{string.Concat(Enumerable.Repeat("</a>", 5_000))}</Name>{Fields}</r>"
        },
        { "no end", $"<r><Name>x</Name>{Fields}" },
        { "two roots", $"<r><Name>x</Name>{Fields}</r><r/>" },
        { "text beside", $"<r>text<Name>x</Name>{Fields}</r>" },
        { "a character that is none", $"<r><Name>a&#1;</Name>{Fields}</r>" },
        { "nothing", " " },
        { "no XML", "Name=x" },
        { "JSON", """{"Name":"x"}""" },
        { "a child", $"<r><Name><b>x</b></Name>{Fields}</r>" },
        { "a field twice", $"<r><Name>x</Name><Name>y</Name>{Fields}</r>" },
        { "an unknown field", $"<r><Name>x</Name><Owner>1</Owner>{Fields}</r>" },
        { "nothing in a field", $"<r><Name/>{Fields}</r>" },
        { "nil where there must be something", $"<r xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><Name i:nil=\"true\"/>{Fields}</r>" },
        { "nil itself", "<r xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"true\"/>" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task What_is_no_flat_document_is_refused_and_nothing_done(string what, string xml)
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        var told = await reseller.CallXmlAsync("CreateAccount", xml);

        told.Fault.ShouldStartWith("400 ArgumentFaultContract ", Case.Sensitive, what);
        told.Text.ShouldNotContain("root:", Case.Sensitive, what);
        (await reseller.DoAsync("SearchAccounts", new { }))["Accounts"]!.AsArray().Count.ShouldBe(1, what);
    }

    [Fact]
    public async Task A_document_type_is_told_as_what_it_is()
    {
        var branch = await app.BranchAsync();
        (await branch.As(Roles.PartnerAdministrator).CallXmlAsync("CreateAccount", "<!DOCTYPE r><r/>")).Fault.ShouldBe(
            "400 ArgumentFaultContract The document has a document type, which is not read here.");
    }

    [Fact]
    public async Task A_large_document_is_refused()
    {
        var branch = await app.BranchAsync();
        var (notes, large) = (new string('n', 2_000), new string(' ', 64 * 1024));
        using var reseller = branch.As(Roles.PartnerAdministrator);

        (await reseller.CallXmlAsync("CreateAccount", $"<r><Name>x</Name>{Fields}<Notes>{notes}</Notes></r>")).Status.ShouldBe(HttpStatusCode.OK);
        (await reseller.CallXmlAsync("CreateAccount", $"<r><Name>x</Name>{Fields}<Notes>{notes}n</Notes></r>")).Fault
            .ShouldEndWith("Parameter name: Notes");
        (await reseller.CallXmlAsync("CreateAccount", $"<r><Name>x</Name>{Fields}{large}</r>")).Fault
            .ShouldStartWith("400 ArgumentFaultContract The body is larger");
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("iso-8859-1")]
    public async Task Another_character_set_is_refused(string charset)
    {
        var branch = await app.BranchAsync();
        var xml = $"<?xml version=\"1.0\" encoding=\"{charset}\"?><r><Name>Bücher</Name>{Fields}</r>";
        using var reseller = branch.As(Roles.PartnerAdministrator);
        foreach (var type in new[] { "application/xml", $"application/xml; charset={charset}" })
        {
            var content = new ByteArrayContent(Encoding.GetEncoding(charset).GetBytes(xml));
            content.Headers.TryAddWithoutValidation("Content-Type", type);

            (await reseller.CallAsync("CreateAccount", content, null)).Fault.ShouldBe(
                "400 ArgumentFaultContract The body must be application/json or application/xml, in UTF-8.");
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("")]
    public async Task Another_type_of_body_is_refused(string type)
    {
        var branch = await app.BranchAsync();
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes($"<r><Name>x</Name>{Fields}</r>"));
        if (type.Length > 0)
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        (await branch.As(Roles.PartnerAdministrator).CallAsync("CreateAccount", content, null)).Fault.ShouldBe(
            "400 ArgumentFaultContract The body must be application/json or application/xml, in UTF-8.");
    }

    [Theory]
    [InlineData("text/xml; charset=\"utf-8\"")]
    [InlineData("application/soap+xml")]
    [InlineData("application/xml")]
    public async Task The_usual_types_of_xml_are_read_with_a_byte_order_mark_and_cdata(string type)
    {
        var branch = await app.BranchAsync();
        var xml = $"\uFEFF<?xml version=\"1.0\"?><!-- c --><p:r xmlns:p=\"urn:p\"><p:Name><![CDATA[A & B]]></p:Name>{Fields}</p:r>\n";
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(xml));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        using var reseller = branch.As(Roles.PartnerAdministrator);

        (await reseller.CallAsync("CreateAccount", content, null)).Status.ShouldBe(HttpStatusCode.OK);

        (await reseller.DoAsync("SearchAccounts", new { Name = "A & B" }))["Accounts"]!.AsArray().Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(null, "xml")]
    [InlineData("", "xml")]
    [InlineData("*/*", "xml")]
    [InlineData("application/*", "xml")]
    [InlineData("application/json", "json")]
    [InlineData("application/json, application/xml", "xml")]
    [InlineData("application/json, application/xml;q=0.9", "json")]
    [InlineData("application/json;q=0.8, text/xml;q=0.9", "xml")]
    [InlineData("application/json, text/plain, */*", "xml")]
    [InlineData("application/json, text/plain, */*;q=0.8", "json")]
    [InlineData("application/json;q=0", "xml")]
    [InlineData("application/xml;q=0, */*;q=0.1", "json")]
    [InlineData("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "xml")]
    [InlineData("text/html", "xml")]
    [InlineData("APPLICATION/JSON; charset=utf-8", "json")]
    [InlineData("no such thing", "xml")]
    public async Task What_is_preferred_is_answered_xml_where_nothing_is_also_of_faults(string? accept, string form)
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerReader);
        foreach (var id in new[] { branch.Tenant.Code, -1 })
            (await reseller.AskAsync($"GetAccount?AccountId={id}", accept)).MediaType.ShouldBe($"application/{form}");
    }
}

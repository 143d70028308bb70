namespace Licensing.Scenarios.Tests.Guides;

/// <summary>The guides, as someone follows them who has nothing but a host and what is in them.</summary>
public sealed class GuideTests(GuideHost app) : IClassFixture<GuideHost>
{
    // What each has to show; a reference page has nothing to run. The reseller's C# and Python are files of docs/examples, which ClientTests runs.
    private static readonly Dictionary<string, string> Shows = new()
    {
        ["README"] = "",
        ["authentication"] = "csharp python sh",
        ["channel-api"] = "csharp python sh",
        ["commission-reconciliation"] = "python sh",
        ["credit"] = "",
        ["customer-area"] = "csharp python sh",
        ["erp-export"] = "python sh",
        ["focus"] = "",
        ["identity-sync"] = "python sh",
        ["invoices"] = "",
        ["monitoring"] = "python sh",
        ["month-end-billing"] = "python sh",
        ["nightly-usage"] = "python sh",
        ["onboarding"] = "python sh",
        ["reseller-service"] = "sh",
        ["signed-licensing"] = "csharp python sh",
    };

    public static TheoryData<string> Guides => [.. Guide.Names.Where(n => Guide.Read(n).Blocks.Any(b => b.IsRun))];

    [Theory, MemberData(nameof(Guides))]
    public async Task Every_block_of_a_guide_works_as_it_stands(string guide)
    {
        using var run = await app.OpenAsync(guide);

        await run.RunAsync();
    }

    [Fact]
    public void Every_guide_shows_each_language_that_it_should_and_leaves_nothing_out()
    {
        Guide.Names.ShouldBe(Shows.Keys.Order(StringComparer.Ordinal));
        foreach (var guide in Guide.Names.Select(Guide.Read))
        {
            string.Join(' ', guide.Blocks.Where(b => b.IsRun).Select(b => b.Language).Distinct().Order(StringComparer.Ordinal))
                .ShouldBe(Shows[guide.Name], guide.Name);
            guide.Blocks.Where(b => b.IsProgram && !b.IsRun).ShouldBeEmpty(guide.Name);
            (guide.Text.Split("```").Length - 1).ShouldBe(2 * guide.Blocks.Count, $"fences of {guide.Name}");
            guide.Blocks.Select(b => b.Language).Except(["sh", "csharp", "python", "json", "text", "xml"]).ShouldBeEmpty(guide.Name);
        }
    }

    [Fact]
    public void Every_link_of_a_guide_leads_somewhere_and_the_index_to_every_guide()
    {
        foreach (var guide in Guide.Names.Select(Guide.Read))
            guide.Links().Where(l => !Path.Exists(Path.Combine(Guide.Folder, l))).ShouldBeEmpty(guide.Name);
        Guide.Names.Except(Guide.Read("README").Links().Select(l => Path.GetFileNameWithoutExtension(l)!)).ShouldBe(["README"]);
    }

    [Fact]
    public void A_block_is_found_with_what_it_prints_and_a_key_with_what_it_needs()
    {
        Guide.IsLike("{\"id\":\"1\"}\n200\n", "{\"id\":\"…\"}\n200").ShouldBeTrue();
        Guide.IsLike("{\"id\":\"1\"}\n404\n", "{\"id\":\"…\"}\n200").ShouldBeFalse();
        Guide.Read("nightly-usage").Needs().Permissions.ShouldBe(["usage.records.ingest", "usage.records.read"]);
        Guide.Read("month-end-billing").Needs().Key.ShouldBe("PLATFORM_KEY");
        Guide.Read("reseller-service").Blocks.Count(b => b.IsRun).ShouldBeGreaterThan(4);
    }
}

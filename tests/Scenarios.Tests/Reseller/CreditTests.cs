using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Credits through the reseller service: added, looked at and moved, once and to the unit.</summary>
public sealed class CreditTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Lots(JsonObject of) =>
        string.Join(", ", of["Lots"]!.AsArray().Select(lot => $"{lot!["Credits"]} until {(DateTimeOffset)lot["ExpiryDate"]!:yyyy-MM-dd}"));

    private static string Movements(JsonObject of) => string.Join(", ", of["Movements"]!.AsArray().Select(x => $"{x!["Kind"]} {x["Credits"]}"));

    private string After(int months) => $"{app.Clock.GetUtcNow().AddMonths(months):yyyy-MM-dd}";

    [Fact]
    public async Task Credits_are_added_moved_and_end_to_the_instant()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var (one, other) = (branch.Tenant.Code, await AccountAsync(reseller));

        var added = await reseller.DoAsync("AddCreditToAccount", new { AccountId = one, Credits = 100, ExpiryMonths = 1, Reference = "p1" });
        ((int)added["AccountId"]!, (int)added["Balance"]!, (string)added["Reference"]!).ShouldBe((one, 100, "p1"));
        var end = (DateTimeOffset)added["ExpiryDate"]!;
        $"{end:yyyy-MM-dd}".ShouldBe(After(1));
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        ((int)(await reseller.DoAsync("AddCreditToAccount", new { AccountId = one, Credits = 50 }))["Balance"]!).ShouldBe(150);
        app.Clock.Advance(TimeSpan.FromMinutes(1));

        var moved = await reseller.DoAsync("TransferCredit", new { FromAccountId = one, ToAccountId = other, Credits = 120 });
        ((int)moved["FromBalance"]!, (int)moved["ToBalance"]!).ShouldBe((30, 120));
        Lots(moved).ShouldBe($"100 until {After(1)}, 20 until {After(12)}");

        var balance = await reseller.DoAsync("GetCreditBalance", new { AccountId = other });
        ((int)balance["Credits"]!, Lots(balance), (bool)balance["HasMoreLots"]!)
            .ShouldBe((120, $"100 until {After(1)}, 20 until {After(12)}", false));
        Movements(await reseller.DoAsync("GetCreditMovements", new { AccountId = one })).ShouldBe("TransferOut -120, TopUp 50, TopUp 100");
        Movements(await reseller.DoAsync("GetCreditMovements", new { AccountId = other })).ShouldBe("TransferIn 120");
        var second = await reseller.DoAsync("GetCreditMovements", new { AccountId = one, Page = 2, PageSize = 2 });
        (Movements(second), (bool)second["HasMore"]!).ShouldBe(("TopUp 100", false));
        Movements(await reseller.DoAsync("GetCreditMovements", new { AccountId = one, EndDate = $"{app.Clock.GetUtcNow():yyyy-MM-dd}" }))
            .ShouldBeEmpty();

        // The same through the other door, and to the instant.
        app.Clock.Advance(end - app.Clock.GetUtcNow() - TimeSpan.FromTicks(10));
        ((int)(await reseller.DoAsync("GetCreditBalance", new { AccountId = other }))["Credits"]!).ShouldBe(120);
        app.Clock.Advance(TimeSpan.FromTicks(10));
        var over = await reseller.DoAsync("GetCreditBalance", new { AccountId = other });
        ((int)over["Credits"]!, Lots(over)).ShouldBe((20, $"20 until {end.AddMonths(11):yyyy-MM-dd}"));
        (await reseller.CallAsync("TransferCredit", new { FromAccountId = other, ToAccountId = one, Credits = 21 })).Fault
            .ShouldBe("400 ArgumentFaultContract Insufficient credit");
        ((int)(await reseller.DoAsync("TransferCredit", new { FromAccountId = other, ToAccountId = one, Credits = 20 }))["ToBalance"]!).ShouldBe(50);
    }

    [Fact]
    public async Task What_is_given_back_after_its_end_has_none_and_is_shown_and_moved_so()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var (one, other) = (branch.Tenant.Code, await AccountAsync(reseller));
        var added = await reseller.DoAsync("AddCreditToAccount", new { AccountId = one, Credits = 100, ExpiryMonths = 1 });
        using var debited = await reseller.PostAsJsonAsync(
            "/api/v1/credit/debits", new { organizationId = branch.Tenant.Id.Value, reference = "minutes", credits = 10 }, Ct);
        app.Clock.Advance((DateTimeOffset)added["ExpiryDate"]! - app.Clock.GetUtcNow());
        using var seller = branch.As(Roles.DistributorAdministrator);
        (await seller.PostAsync($"{debited.Headers.Location}/reversal", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);

        var balance = await reseller.DoAsync("GetCreditBalance", new { AccountId = one });
        ((int)balance["Credits"]!, balance["Lots"]![0]!["ExpiryDate"]).ShouldBe((10, null));
        var moved = await reseller.DoAsync("TransferCredit", new { FromAccountId = one, ToAccountId = other, Credits = 4 });
        ((int)moved["FromBalance"]!, (int)moved["ToBalance"]!, moved["Lots"]![0]!["ExpiryDate"]).ShouldBe((6, 4, null));
    }

    [Fact]
    public async Task A_reference_is_done_once_and_a_key_keeps_a_retry_without_one_from_doing_it_again()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var (one, other) = (branch.Tenant.Code, await AccountAsync(reseller));
        object add = new { AccountId = one, Credits = 10, Reference = "payment" }, plain = new { AccountId = one, Credits = 10 };

        var first = await reseller.DoAsync("AddCreditToAccount", add);
        app.Clock.Advance(TimeSpan.FromDays(2));
        (await reseller.DoAsync("AddCreditToAccount", add)).ToJsonString().ShouldBe(first.ToJsonString());
        (await reseller.CallAsync("AddCreditToAccount", new { AccountId = one, Credits = 11, Reference = "payment" })).Status
            .ShouldBe(HttpStatusCode.Conflict);
        (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => reseller.CallAsync("AddCreditToAccount", plain, "retry")))).Count(
            told => told.Status is HttpStatusCode.OK).ShouldBeGreaterThan(0);
        await reseller.DoAsync("TransferCredit", new { FromAccountId = one, ToAccountId = other, Credits = 3, Reference = "move" });
        await reseller.DoAsync("TransferCredit", new { FromAccountId = one, ToAccountId = other, Credits = 3, Reference = "move" });

        ((int)(await reseller.DoAsync("GetCreditBalance", new { AccountId = one }))["Credits"]!).ShouldBe(17);
        await reseller.DoAsync("AddCreditToAccount", plain);
        await reseller.DoAsync("AddCreditToAccount", plain);
        ((int)(await reseller.DoAsync("GetCreditBalance", new { AccountId = one }))["Credits"]!).ShouldBe(37);
    }

    [Fact]
    public async Task In_xml_it_is_the_same()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        var added = await reseller.CallXmlAsync(
            "AddCreditToAccount", $"<r><AccountId>{branch.Tenant.Code}</AccountId><Credits>7</Credits><Reference>x</Reference></r>");
        (added.Status, added.Xml.Name.ToString(), added.Xml.Element("Balance")!.Value).ShouldBe((HttpStatusCode.OK, "AddedCredit", "7"));
        var balance = await reseller.AskAsync($"GetCreditBalance?AccountId={branch.Tenant.Code}", accept: null);
        balance.Xml.Element("Lots")!.Elements().Select(lot => $"{lot.Name} {lot.Element("Credits")!.Value}").ShouldBe(["AccountLot 7"]);
    }

    [Theory]
    [InlineData("AddCreditToAccount", """{"AccountId":0}""", "Value cannot be null. Parameter name: Credits")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":0}""", "Credits must be a whole number above 0")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":-5}""", "Credits must be a whole number above 0")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":1.5}""", "Parameter name: Credits")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":3000000000}""", "Parameter name: Credits")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":1,"ExpiryMonths":13}""", "Parameter name: ExpiryMonths")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":1,"ExpiryMonths":0}""", "Parameter name: ExpiryMonths")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":1,"Reference":""}""", "Parameter name: Reference")]
    [InlineData("AddCreditToAccount", """{"AccountId":0,"Credits":1,"Reference":"auto:x"}""", "Parameter name: Reference")]
    [InlineData("TransferCredit", """{"FromAccountId":0,"ToAccountId":0,"Credits":1}""", "Parameter name: ToAccountId")]
    [InlineData("TransferCredit", """{"FromAccountId":0,"ToAccountId":0}""", "Value cannot be null. Parameter name: Credits")]
    [InlineData("GetCreditMovements", """{"AccountId":0,"PageSize":201}""", "Parameter name: PageSize")]
    [InlineData("GetCreditMovements", """{"AccountId":0,"Page":0}""", "Parameter name: Page")]
    [InlineData("GetCreditMovements", """{"AccountId":0,"StartDate":"2026-02-01","EndDate":"2026-02-01"}""", "Parameter name: StartDate")]
    public async Task What_breaks_a_rule_is_told_by_the_name_of_its_field(string method, string body, string said)
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        var told = await reseller.CallAsync(method, JsonNode.Parse(body.Replace("Id\":0", $"Id\":{branch.Tenant.Code}", StringComparison.Ordinal)));

        told.Fault.ShouldStartWith("400 ArgumentFaultContract");
        told.Fault.ShouldContain(said);
    }

    [Fact]
    public async Task Foreign_accounts_are_none_and_who_only_reads_or_buys_adds_nothing()
    {
        var (branch, foreign) = (await app.BranchAsync(), await app.BranchAsync());
        using var reseller = branch.As(Roles.PartnerAdministrator);
        var (own, theirs) = (branch.Tenant.Code, foreign.Tenant.Code);

        foreach (var (method, asked) in new (string, object)[]
        {
            ("AddCreditToAccount", new { AccountId = theirs, Credits = 1 }), ("GetCreditBalance", new { AccountId = theirs }),
            ("GetCreditMovements", new { AccountId = theirs }), ("TransferCredit", new { FromAccountId = own, ToAccountId = theirs, Credits = 1 }),
            ("TransferCredit", new { FromAccountId = theirs, ToAccountId = own, Credits = 1 }),
        })
            (await reseller.CallAsync(method, asked)).Fault.ShouldBe($"404 NotFoundFaultContract There is no account {theirs}.");
        foreach (var role in new[] { Roles.PartnerReader, Roles.TenantAdministrator })
        {
            using var other = branch.As(role);
            (await other.CallAsync("AddCreditToAccount", new { AccountId = own, Credits = 1 })).Status.ShouldBe(HttpStatusCode.Forbidden);
            ((int)(await other.DoAsync("GetCreditBalance", new { AccountId = own }))["Credits"]!).ShouldBe(0);
        }
    }

    private static async Task<int> AccountAsync(HttpClient reseller) => (int)(await reseller.DoAsync(
        "CreateAccount", new { Name = "Other", CountryCode = "DE", CurrencyCode = "EUR", ContactEmail = "it@other.example" }))["AccountId"]!;
}

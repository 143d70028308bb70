using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Accounts through the reseller service, and what becomes of them through the other doors.</summary>
public sealed class AccountTests(App app) : IClassFixture<App>
{
    private static readonly object Acme = new
    {
        Name = "Acme",
        CompanyName = "Acme Ltd",
        CountryCode = "GB",
        CurrencyCode = "GBP",
        ContactEmail = "it@acme.example",
        Notes = "pays late",
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_account_is_created_read_changed_and_ended()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        var id = (int)(await reseller.DoAsync("CreateAccount", Acme))["AccountId"]!;
        var account = await reseller.DoAsync("GetAccount", new { AccountId = id });

        account.Remove("CreatedAt");
        account.ToJsonString().ShouldBe(
            $$"""
            {"AccountId":{{id}},"Balances":[],"CompanyName":"Acme Ltd","ContactEmail":"it@acme.example","CountryCode":"GB",
            """.TrimEnd() + "\"CurrencyCode\":\"GBP\",\"Name\":\"Acme\",\"Notes\":\"pays late\",\"Status\":\"Active\"}");
        var changed = await reseller.DoAsync("UpdateAccount", new { AccountId = id, Name = "Acme 2", CompanyName = "", Notes = "pays" });
        (changed["Name"], changed["CompanyName"], changed["Notes"], changed["ContactEmail"]).ToString()
            .ShouldBe("(Acme 2, , pays, it@acme.example)");
        ((string?)(await reseller.DoAsync("SuspendAccount", new { AccountId = id, Reason = "unpaid" }))["Status"]).ShouldBe("Suspended");
        (await reseller.CallAsync("SuspendAccount", new { AccountId = id })).Fault
            .ShouldBe("409 ConflictFaultContract The organization is suspended already.");
        ((string?)(await reseller.DoAsync("ResumeAccount", new { AccountId = id }))["Status"]).ShouldBe("Active");
        ((string?)(await reseller.DoAsync("CloseAccount", new { AccountId = id }))["Status"]).ShouldBe("Closed");
        (await reseller.CallAsync("UpdateAccount", new { AccountId = id, Name = "x" })).Fault
            .ShouldBe("409 ConflictFaultContract The organization is closed.");
        // The same tenant through the other door, without what is only the reseller's.
        using var tenants = await reseller.GetAsync($"/api/v1/tenants?code={id}", Ct);
        var item = (await tenants.JsonAsync()).GetProperty("items")[0];
        item.GetProperty("displayName").GetString().ShouldBe("Acme 2");
        item.TryGetProperty("notes", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task In_xml_it_is_the_same_without_a_namespace_and_in_the_order_of_the_alphabet()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        var created = await reseller.CallXmlAsync("CreateAccount",
            """
            <CreateAccountRequest xmlns="http://schemas.datacontract.org/2004/07/Partner" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
              <CompanyName i:nil="true"/>
              <ContactEmail>it@acme.example</ContactEmail>
              <CountryCode>DE</CountryCode>
              <CurrencyCode>EUR</CurrencyCode>
              <Name>M&#252;ller &amp; S&#246;hne</Name>
              <Notes></Notes>
            </CreateAccountRequest>
            """);

        (created.Status, created.MediaType, created.Xml.Name.ToString()).ShouldBe((HttpStatusCode.OK, "application/xml", "CreatedAccount"));
        var id = created.Xml.Element("AccountId")!.Value;
        var read = await reseller.CallXmlAsync("GetAccount", $"<a><AccountId> {id} </AccountId></a>");
        read.Xml.Name.ToString().ShouldBe("Account");
        read.Xml.Elements().Select(e => e.Name.ToString()).ShouldBe(
            ["AccountId", "Balances", "ContactEmail", "CountryCode", "CreatedAt", "CurrencyCode", "Name", "Notes", "Status"]);
        read.Xml.Element("Name")!.Value.ShouldBe("Müller & Söhne");
        // A query, the other spelling of the path, and another case of it.
        (await reseller.AskAsync($"GetAccount?AccountId={id}", null)).Text.ShouldBe(read.Text);
        using var alias = await reseller.GetAsync($"/webapi/resellerservices/getaccount?AccountId={id}", Ct);
        (await alias.Content.ReadAsStringAsync(Ct)).ShouldBe(read.Text);
    }

    [Fact]
    public async Task Accounts_are_found_by_how_their_names_begin_and_by_page()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        foreach (var name in new[] { "North 1", "North 2", "North_3", "South" })
        {
            // Of one instant none is newer.
            app.Clock.Advance(TimeSpan.FromMilliseconds(2));
            await reseller.DoAsync("CreateAccount", new { Name = name, CountryCode = "DE", CurrencyCode = "EUR", ContactEmail = "a@b.example" });
        }

        async Task<string> FoundAsync(object asked)
        {
            var found = await reseller.DoAsync("SearchAccounts", asked);
            return $"{string.Join(", ", found["Accounts"]!.AsArray().Select(a => a!["Name"]))} {found["Page"]} {found["HasMore"]}";
        }

        (await FoundAsync(new { Name = "north", PageSize = 2 })).ShouldBe("North_3, North 2 1 true");
        (await FoundAsync(new { Name = "north", PageSize = 2, Page = 2 })).ShouldBe("North 1 2 false");
        (await FoundAsync(new { Name = "North_" })).ShouldBe("North_3 1 false");
        (await FoundAsync(new { Name = "%" })).ShouldBe(" 1 false");
        (await FoundAsync(new { })).ShouldBe($"South, North_3, North 2, North 1, {branch.Tenant.DisplayName} 1 false");
        (await reseller.CallAsync("SearchAccounts", new { PageSize = 201 })).Fault
            .ShouldBe("400 ArgumentFaultContract PageSize must be 1 to 200. Parameter name: PageSize");
        foreach (var page in new[] { 0, -1, 202, int.MaxValue })
            (await reseller.CallAsync("SearchAccounts", new { Page = page })).Fault.ShouldEndWith("Parameter name: Page");
    }

    [Fact]
    public async Task The_resellers_own_credit_is_not_his_accounts()
    {
        var branch = await app.BranchAsync();
        using var above = branch.Administrator();
        (await above.PostAsJsonAsync("/api/v1/credit/top-ups", new
        {
            organizationId = branch.Partner.Id.Value,
            reference = "payment",
            amount = new { amount = "12.50", currency = "EUR" },
        }, Ct)).EnsureSuccessStatusCode();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        (await reseller.DoAsync("GetAccount", new { AccountId = branch.Tenant.Code }))["Balances"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_resellers_account_is_not_there()
    {
        var (near, far) = (await app.BranchAsync(), await app.BranchAsync());
        using var reseller = near.As(Roles.PartnerAdministrator);
        foreach (var method in new[] { "GetAccount", "UpdateAccount", "SuspendAccount", "ResumeAccount", "CloseAccount" })
        {
            var missing = $"404 NotFoundFaultContract There is no account {far.Tenant.Code}.";
            (await reseller.CallAsync(method, new { AccountId = far.Tenant.Code })).Fault.ShouldBe(missing, method);
            // His own and those above him are none of his accounts.
            foreach (var other in new[] { near.Partner.Code, near.Distributor.Code, -1, 0, int.MaxValue })
                (await reseller.CallAsync(method, new { AccountId = other })).Fault
                    .ShouldBe($"404 NotFoundFaultContract There is no account {other}.");
        }

        (await reseller.DoAsync("SearchAccounts", new { Name = far.Tenant.DisplayName })).ToJsonString().ShouldNotContain(far.Tenant.ExternalId);
    }

    [Fact]
    public async Task Who_may_not_is_told_so()
    {
        var branch = await app.BranchAsync();
        (await app.Anonymous().CallAsync("CreateAccount", Acme)).Fault.ShouldBe("401 AuthenticationFaultContract This needs a valid credential.");
        (await branch.As(Roles.PartnerReader).CallAsync("CreateAccount", Acme)).Fault.ShouldStartWith("403 AuthorizationFaultContract");
        (await branch.As(Roles.DistributorAdministrator).CallAsync("CreateAccount", Acme)).Fault.ShouldBe(
            "403 AuthorizationFaultContract Accounts are created by an API user of the reseller whose they are to be.");
        (await branch.As(Roles.TenantAdministrator).CallAsync("GetAccount", new { AccountId = branch.Tenant.Code })).Status
            .ShouldBe(HttpStatusCode.Forbidden);
        (await branch.As(Roles.PartnerReader).CallAsync("GetAccount", new { AccountId = branch.Tenant.Code })).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""", "Value cannot be null. Parameter name: Name")]
    [InlineData("""{"Name":null,"CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "Value cannot be null. Parameter name: Name")]
    [InlineData("""{"Name":5,"CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""", "Name must be a text. Parameter name: Name")]
    [InlineData("""{"Name":[],"CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "Name must be a single value. Parameter name: Name")]
    [InlineData("""{"Name":"","CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "Name must not be empty. Parameter name: Name")]
    [InlineData("""{"Name":"a","name":"b","CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "Unknown property name. Parameter name: name")]
    [InlineData("""{"Name":"a","Name":"b","CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "Name is given twice. Parameter name: Name")]
    [InlineData("""{"Name":"a\u0000","CountryCode":"GB","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "Name must not hold control characters. Parameter name: Name")]
    [InlineData("""{"Name":"a","CountryCode":"gb","CurrencyCode":"GBP","ContactEmail":"a@b.example"}""",
        "CountryCode must be an ISO 3166-1 alpha-2 code in capitals, such as DE. Parameter name: CountryCode")]
    [InlineData("""{"Name":"a","CountryCode":"GB","CurrencyCode":"pounds","ContactEmail":"a@b.example"}""",
        "CurrencyCode must be the code of an active ISO 4217 currency, such as EUR. Parameter name: CurrencyCode")]
    [InlineData("null", "Value cannot be null. Parameter name: request")]
    [InlineData("", "Value cannot be null. Parameter name: request")]
    [InlineData("[]", "The body must be one JSON object.")]
    [InlineData("{", "The body is no JSON that can be read.")]
    [InlineData("""{"Name":"\ud800"}""", "The body is no JSON that can be read.")]
    public async Task What_is_wrong_with_a_request_is_told_by_the_field(string body, string message)
    {
        var branch = await app.BranchAsync();
        var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        var told = await branch.As(Roles.PartnerAdministrator).CallAsync("CreateAccount", content, "application/json");

        told.Fault.ShouldBe($"400 ArgumentFaultContract {message}");
        (await branch.As(Roles.PartnerAdministrator).DoAsync("SearchAccounts", new { }))["Accounts"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_mail_address_that_is_none_is_refused_by_its_name()
    {
        var branch = await app.BranchAsync();
        (await branch.As(Roles.PartnerAdministrator).CallAsync(
            "CreateAccount", new { Name = "a", CountryCode = "GB", CurrencyCode = "GBP", ContactEmail = "nobody" })).Fault
            .ShouldEndWith("Parameter name: ContactEmail");
        var changed = new { AccountId = branch.Tenant.Code, ContactEmail = "nobody" };
        (await branch.As(Roles.PartnerAdministrator).CallAsync("UpdateAccount", changed)).Fault.ShouldEndWith("Parameter name: ContactEmail");
    }

    [Fact]
    public async Task A_retry_with_the_same_key_creates_nothing_more()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);

        var first = await reseller.CallAsync("CreateAccount", Acme, "key-1");
        var again = await reseller.CallAsync("/WebApi/ResellerServices/CreateAccount", Acme, "key-1");

        first.Status.ShouldBe(HttpStatusCode.OK, first.Text);
        again.Text.ShouldBe(first.Text);
        (await reseller.DoAsync("SearchAccounts", new { Name = "Acme" }))["Accounts"]!.AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_reseller_notes_the_account_does_not_read()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        await reseller.DoAsync("UpdateAccount", new { AccountId = branch.Tenant.Code, Notes = "a secret of ours" });

        using var tenant = branch.As(Roles.TenantAdministrator);
        foreach (var path in new[] { $"/api/v1/tenants/{branch.Tenant.Id.Value}", "/api/v1/audit" })
            (await tenant.GetStringAsync(path, Ct)).ShouldNotContain("a secret of ours");
    }

    [Fact]
    public async Task There_is_no_other_method_and_no_other_verb()
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        (await reseller.CallAsync("DropAccounts", new { })).Fault.ShouldBe(
            "404 NotFoundFaultContract There is no POST /WebApi/ResellerService/DropAccounts.");
        (await reseller.AskAsync("CreateAccount")).Fault.ShouldBe(
            "405 ArgumentFaultContract /WebApi/ResellerService/CreateAccount does not take GET.");
        (await reseller.AskAsync("GetAccount?AccountId=x")).Fault.ShouldBe(
            "400 ArgumentFaultContract AccountId must be a whole number of 32 bits. Parameter name: AccountId");
        (await reseller.AskAsync("GetAccount?AccountId=1&Id=2")).Fault.ShouldStartWith("400 ArgumentFaultContract Unknown query parameter Id");
        (await reseller.AskAsync("GetAccount")).Fault.ShouldBe("400 ArgumentFaultContract Value cannot be null. Parameter name: AccountId");
    }
}

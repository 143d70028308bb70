using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Examples;
using Partner;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Programs as partners write them, against a host that listens; the guide's own lines are GuideTests'.</summary>
public sealed class ClientTests(ExampleHost app) : IClassFixture<ExampleHost>
{
    private const string Password = "Correct-horse-battery-staple";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<(Branch Branch, string User)> ResellerAsync()
    {
        var branch = await app.BranchAsync();
        var user = $"api-{branch.Partner.Code}@partner.example";
        using var platform = branch.Administrator();
        (await platform.PostAsJsonAsync("/api/v1/users", new
        {
            email = user,
            displayName = "API",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            password = Password,
            mustChangePassword = false,
        }, Ct)).EnsureSuccessStatusCode();
        return (branch, user);
    }

    [Fact]
    public async Task A_dotnet_client_of_data_contracts_creates_reads_and_is_refused()
    {
        var (branch, user) = await ResellerAsync();
        using var client = new ResellerClient(app.Address, user, Password);

        var created = await client.CallAsync<CreateAccountRequest, CreatedAccount>("CreateAccount", new CreateAccountRequest
        {
            Name = "Müller & Söhne <GmbH>",
            CountryCode = "DE",
            CurrencyCode = "EUR",
            ContactEmail = "it@mueller.example",
            Notes = "line 1\r\nline 2",
        });
        var account = await client.CallAsync<GetAccountRequest, Partner.Account>(
            "GetAccount", new GetAccountRequest { AccountId = created.AccountId });
        (account.AccountId, account.Name, account.CompanyName, account.CountryCode, account.CurrencyCode, account.ContactEmail, account.Status)
            .ShouldBe((created.AccountId, "Müller & Söhne <GmbH>", null, "DE", "EUR", "it@mueller.example", "Active"));
        account.Notes!.ReplaceLineEndings("\n").ShouldBe("line 1\nline 2");
        account.CreatedAt.ShouldBeGreaterThan(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var found = await client.CallAsync<SearchAccountsRequest, FoundAccounts>("SearchAccounts", new SearchAccountsRequest { Name = "Müller" });
        found.Accounts.Select(a => a.AccountId).ShouldBe([created.AccountId]);
        for (var i = 0; i < 2; i++)
        {
            var added = await client.CallAsync<AddCreditToAccountRequest, AddedCredit>(
                "AddCreditToAccount", new() { AccountId = created.AccountId, Credits = 500, ExpiryMonths = 6, Reference = "payment 4711" });
            (added.AccountId, added.Balance, added.Reference).ShouldBe((created.AccountId, 500, "payment 4711"));
            added.ExpiryDate.ShouldBeGreaterThan(account.CreatedAt.AddDays(180));
            added.LotId.ShouldNotBeNullOrEmpty();
        }

        (await client.CallAsync<GetChargeableActivityReportRequest, ChargeableActivityReport>("GetChargeableActivityReport", new()
        {
            StartDate = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
            EndDate = new DateTime(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc),
        })).Rows.ShouldBeEmpty();

        var fault = await Should.ThrowAsync<Partner.FaultException>(
            () => client.CallAsync<CreateAccountRequest, CreatedAccount>("CreateAccount", new CreateAccountRequest { Name = "No country" }));
        fault.Status.ShouldBe(400);
        fault.Message.ShouldContain("ArgumentFaultContract: Value cannot be null. Parameter name: CountryCode");
        using var stranger = new ResellerClient(app.Address, user, "wrong");
        (await Should.ThrowAsync<Partner.FaultException>(() => stranger.CallAsync<GetAccountRequest, Partner.Account>(
            "GetAccount", new GetAccountRequest { AccountId = branch.Tenant.Code }))).Message.ShouldStartWith("401 AuthenticationFaultContract");
    }

    [Fact]
    public async Task A_python_client_of_the_standard_library_does_the_same()
    {
        var (branch, user) = await ResellerAsync();

        var (code, output) = await Example.RunAsync("reseller-service", "python3", ["client.py", app.Address.ToString(), user, Password]);

        code.ShouldBe(0, output);
        output.ShouldMatch("account [0-9]+ user [0-9]+");
        using var reseller = branch.As(Roles.PartnerReader);
        (await reseller.DoAsync("SearchAccounts", new { Name = "Python" }))["Accounts"]!.AsArray().Count.ShouldBe(1);
    }
}

using System.Text.Json;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Tests.Reseller;

/// <summary>The balances of accounts at the reseller service: what can be spent now, by unit.</summary>
public sealed class BalanceTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_account_shows_what_it_can_spend_until_that_is_over()
    {
        var branch = await app.BranchAsync();
        var second = await app.TenantAsync(branch.Platform, branch.Partner);
        await TopUpAsync(branch.Tenant, "first", [new("EUR", 12.5m), new(CreditAmount.Points, 3)], app.Clock.GetUtcNow().AddDays(1));
        await TopUpAsync(branch.Tenant, "second", [new("EUR", 1)], null);
        await TopUpAsync(second, "third", [new("EUR", 7)], null);
        using var reseller = branch.As(Roles.PartnerReader);
        async Task<string> BalancesAsync(int account)
        {
            var text = await reseller.TextAsAsync($"/WebApi/ResellerService/GetAccount?AccountId={account}", "application/json");
            return string.Join(", ", JsonDocument.Parse(text).RootElement.GetProperty("Balances").EnumerateArray()
                .Select(b => $"{b.GetProperty("Amount").GetString()} {b.GetProperty("Unit").GetString()}"));
        }

        (await BalancesAsync(branch.Tenant.Code)).ShouldBe("13.5 EUR, 3 points");
        (await BalancesAsync(second.Code)).ShouldBe("7 EUR");
        // In a list each has its own.
        var found = JsonDocument.Parse(await reseller.TextAsAsync("/WebApi/ResellerService/SearchAccounts", "application/json")).RootElement;
        found.GetProperty("Accounts").EnumerateArray().Select(a => a.GetProperty("Balances").GetArrayLength()).Order().ShouldBe([1, 2]);
        app.Clock.Advance(TimeSpan.FromDays(1));
        (await BalancesAsync(branch.Tenant.Code)).ShouldBe("1 EUR, 0 points");
    }

    // By the ledger itself: what the doors add has tests of its own.
    private Task<bool> TopUpAsync(OrganizationRef owner, string reference, IReadOnlyList<CreditAmount> amounts, DateTimeOffset? expiresAt) =>
        app.InAsync<IServiceProvider, bool>(async services =>
        {
            var session = services.GetRequiredService<DbSession>();
            await session.BeginAsync(Ct);
            (await services.GetRequiredService<CreditLedger>().TopUpAsync(owner, reference, amounts, CreditEnd.At(expiresAt), Ct))
                .Refused(out var refusal, out _).ShouldBeFalse(refusal?.Message);
            await services.GetRequiredService<BillingDb>().SaveChangesAsync(Ct);
            await session.CommitAsync(Ct);
            return true;
        });
}

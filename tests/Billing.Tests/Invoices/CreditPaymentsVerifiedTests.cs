using System.Net;
using Licensing.Billing.Ledger;
using Licensing.Billing.Tests.Ledger;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;
using static Licensing.Billing.Tests.Invoices.PaidFromCreditTests;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>What pays invoices from credit stands twice, each held against the other; in a database of its own, which is tampered with.</summary>
public sealed class CreditPaymentsVerifiedTests : IAsyncLifetime
{
    private readonly BillingApp _app = new();

    public ValueTask InitializeAsync() => _app.InitializeAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Each_payment_from_credit_is_held_against_the_ledger_and_one_that_it_does_not_know_is_not_reversed()
    {
        var branch = await _app.BranchAsync();
        using var platform = branch.Administrator();
        await TopUpAsync(platform, branch, "50.00");
        var (path, _) = await _app.InvoiceAsync(branch, "2023-06", issue: true, "100");
        var stays = await Sent(await FromCreditAsync(platform, path, "stays", "20.00"));
        await Sent(await ReverseAsync(platform, path, await Sent(await FromCreditAsync(platform, path, "goes", "10.00"))));
        (await FindingsAsync()).ShouldBeEmpty();
        var name = $"invoice:{path.Split('/')[^1]}";
        var owner = branch.Partner.Path;

        await FoundAsync(
            "update billing.ledger_transactions set key = 'x' || key where kind = 'Spending' and key like '%:stays'",
            "update billing.ledger_transactions set key = substr(key, 2) where key like 'x%'",
            $"{name}:stays is 20 EUR of {branch.Tenant.Path} among payments and nothing in the ledger");
        await FoundAsync(
            "update billing.payments set from_credit = false where reference = 'stays'",
            "update billing.payments set from_credit = true where reference = 'stays'",
            $"{name}:stays is nothing among payments and 20 EUR of {owner} in the ledger");
        await FoundAsync(
            "update billing.payments set amount = 19.99 where reference = 'stays'",
            "update billing.payments set amount = 20.00 where reference = 'stays'",
            $"{name}:stays is 19.99 EUR of {branch.Tenant.Path} among payments and 20 EUR of {owner} in the ledger");
        await FoundAsync(
            "update billing.payments set reverses = gen_random_uuid() where reverses is not null",
            "update billing.payments set reverses = (select id from billing.payments where reference = 'goes') where reverses is not null",
            $"{name}:goes is 10 EUR of {branch.Tenant.Path} among payments and 10 EUR, reversed, of {owner} in the ledger");
        await FoundAsync(
            "update billing.ledger_transactions set key = 'x' || key where kind = 'GivingBack'",
            "update billing.ledger_transactions set key = substr(key, 2) where key like 'x%'",
            $"{name}:goes is 10 EUR, reversed, of {branch.Tenant.Path} among payments and 10 EUR of {owner} in the ledger");
        await FoundAsync(
            "update billing.payments set owner_path = '0.' where reference = 'stays'",
            $"update billing.payments set owner_path = '{branch.Tenant.Path}' where reference = 'stays'",
            $"{name}:stays is 20 EUR of 0. among payments and 20 EUR of {owner} in the ledger");

        // The money would be open again and nobody's.
        await _app.TamperAsync("update billing.ledger_transactions set key = 'x' || key where kind = 'Spending' and key like '%:stays'");
        (await ReverseAsync(platform, path, stays)).StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        (await GetAsync(platform, path)).Amount("open").ShouldBe("100.00");
    }

    private async Task FoundAsync(string tampering, string undoing, string finding)
    {
        await _app.TamperAsync(tampering);
        (await FindingsAsync()).ShouldContain(finding);
        await _app.TamperAsync(undoing);
        (await FindingsAsync()).ShouldBeEmpty();
    }

    private async Task<IReadOnlyList<string>> FindingsAsync() =>
        (await _app.Services.GetRequiredService<VerifyLedger>().RunAsync(TestContext.Current.CancellationToken)).Findings;
}

using System.Net;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Past its time a call is cancelled and undone, and answered with 504.</summary>
public sealed class BudgetTests(App app) : IClassFixture<App>
{
    private static readonly object Acme = new { Name = "Acme", CountryCode = "DE", CurrencyCode = "EUR", ContactEmail = "a@b.example" };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("key-1")]
    public async Task A_call_that_waits_too_long_is_undone_and_told_504(string? key)
    {
        var branch = await app.BranchAsync();
        using var reseller = branch.As(Roles.PartnerAdministrator);
        await using var holder = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using var transaction = await holder.BeginTransactionAsync(Ct);
        await using (var hold = new NpgsqlCommand("select 1 from identity.organizations where id = $1 for update", holder, transaction))
        {
            hold.Parameters.Add(new() { Value = branch.Partner.Id.Value });
            await hold.ExecuteNonQueryAsync(Ct);
        }

        var waiting = reseller.CallAsync("CreateAccount", Acme, key);
        await app.WaitsForALockAsync(waiting);
        app.Clock.Advance(TimeSpan.FromSeconds(124));
        waiting.IsCompleted.ShouldBeFalse();
        app.Clock.Advance(TimeSpan.FromSeconds(1));

        (await waiting).Fault.ShouldBe(
            "504 TimeoutFaultContract The call took longer than the server gives one; what it had begun is undone.");
        await transaction.RollbackAsync(Ct);
        (await CountAsync(reseller)).ShouldBe(0);
        // The key is not had by what was undone.
        (await reseller.CallAsync("CreateAccount", Acme, key)).Status.ShouldBe(HttpStatusCode.OK);
        (await CountAsync(reseller)).ShouldBe(1);
    }

    private static async Task<int> CountAsync(HttpClient reseller) =>
        (await reseller.DoAsync("SearchAccounts", new { Name = "Acme" }))["Accounts"]!.AsArray().Count;
}

using System.Net.Http.Json;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;
using Licensing.Billing.Tests.Exports;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>What documents say is written down while the invoices before them are issued; of another day, or of others, it is not used.</summary>
public sealed class SaidAheadTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Theory]
    [InlineData("2023-04", 0, false, "Ahead")]
    [InlineData("2023-05", -1, false, "Now")]
    [InlineData("2023-06", 0, true, "Now")]
    public async Task Documents_written_down_ahead_are_of_their_day_and_complete_or_written_down_anew(
        string month, int days, bool lacking, string name)
    {
        var branch = await app.BranchAsync();
        var (_, draft) = await app.InvoiceAsync(branch, month, issue: false, "10");
        using var platform = branch.Administrator();
        Task NameAsync(string legalName) => platform.PatchAsJsonAsync($"/api/v1/tenants/{branch.Tenant.Id.Value}", new { legalName });
        await NameAsync("Ahead");
        var (period, everyone) = (Period.Parse(month), new TenantRange(null, null, 1));
        var ahead = await InAsync((issuing, _) => issuing.SayAheadAsync(branch.Platform, period, everyone, CancellationToken.None));
        ahead.Documents.Keys.ShouldBe([branch.Tenant.Path]);
        await NameAsync("Now");

        ahead = new SaidAhead(ahead.Day.AddDays(days), lacking ? new Dictionary<string, string>() : ahead.Documents);
        (await InAsync(async (issuing, session) =>
        {
            await session.BeginAsync(CancellationToken.None);
            var issued = await issuing.IssueTenantsAsync(branch.Platform, period, everyone, ahead, CancellationToken.None);
            await session.SaveAsync(CancellationToken.None);
            await session.CommitAsync(CancellationToken.None);
            return issued;
        })).ShouldBe(1);

        await using var ask = app.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            "select document -> 'buyer' ->> 'name' from billing.invoices where id = $1");
        ask.Parameters.Add(new() { Value = draft.GetProperty("id").GetGuid() });
        (await ask.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(name);
        (await JournalTests.VerifyAsync(app)).ShouldBeEmpty();
    }

    private async Task<T> InAsync<T>(Func<InvoiceIssuing, DbSession, Task<T>> work)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await work(scope.ServiceProvider.GetRequiredService<InvoiceIssuing>(), scope.ServiceProvider.GetRequiredService<DbSession>());
    }
}

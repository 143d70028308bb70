using System.Net;
using System.Runtime.CompilerServices;
using Licensing.Doors.Reseller;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Routing;
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

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    public async Task A_list_that_is_not_at_its_end_in_time_is_cut_so_that_it_shows(string accept)
    {
        await using var endless = new Endless();
        await endless.InitializeAsync();
        var branch = await endless.BranchAsync();
        using var reseller = branch.As(Roles.PartnerReader);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/WebApi/ResellerService/GetEndless");
        request.Headers.Add("Accept", accept);
        using var answer = await reseller.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);

        var read = answer.Content.ReadAsStringAsync(Ct);
        await endless.Waits;
        read.IsCompleted.ShouldBeFalse();
        endless.Clock.Advance(TimeSpan.FromSeconds(125));

        await Should.ThrowAsync<Exception>(read);
    }

    [AnyCaller]
    internal sealed record EndlessQuery : IQuery<Done>;

    internal sealed record EndlessRequest;

    internal sealed record EndlessRow(int Number);

    internal sealed record EndlessList(IReadOnlyList<EndlessRow> Rows);

    /// <summary>Has a list that sends its first rows and then waits for what never comes.</summary>
    private sealed class Endless : App
    {
        private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waits => _waits.Task;

        protected override void Map(IEndpointRouteBuilder routes) => routes
            .MapResellerRows<EndlessRequest, EndlessQuery, EndlessList, EndlessRow>(
                "GetEndless", "Never ends", (_, call) => Task.FromResult<Result<ResellerStream<EndlessRow>>>(
                    new ResellerStream<EndlessRow>(RowsAsync(call.Ct))), "endless.csv");

        private async IAsyncEnumerable<EndlessRow> RowsAsync([EnumeratorCancellation] CancellationToken ct)
        {
            for (var i = 0; i < 1_000; i++)
                yield return new EndlessRow(i);
            _waits.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(ct);
        }
    }

    private static async Task<int> CountAsync(HttpClient reseller) =>
        (await reseller.DoAsync("SearchAccounts", new { Name = "Acme" }))["Accounts"]!.AsArray().Count;
}

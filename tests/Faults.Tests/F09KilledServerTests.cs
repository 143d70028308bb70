using System.Net;

namespace Licensing.Faults;

/// <summary>F09, and the tools that the other faults are made with: the server dies under a host that runs, and comes back.</summary>
[Trait("Fault", "F09")]
public sealed class F09KilledServerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_outlives_its_database_and_loses_nothing_that_it_acknowledged()
    {
        await using var faulted = await FaultedHost.StartAsync(new Dictionary<string, string>(), Ct);
        for (var cycle = 0; cycle < FaultLength.Times(inTests: 1, inFaults: 20); cycle++)
        {
            var told = await faulted.PostAsync(
                "distributors", new { externalId = $"D{cycle}", displayName = "D", country = "DE", currency = "EUR" }, Ct);
            await faulted.Postgres.KillAsync(Ct);
            using (var client = faulted.Client())
            using (var refused = await client.GetAsync(new Uri("/api/v1/distributors", UriKind.Relative), Ct))
                refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

            await faulted.Postgres.RestartAsync(Ct);
            await CommonChecker.AnswersAsync(faulted.Address, faulted.Token, Ct);
            using (var client = faulted.Client())
            using (var found = await client.GetAsync(new Uri($"/api/v1/distributors/{told.GetProperty("id").GetGuid()}", UriKind.Relative), Ct))
                found.StatusCode.ShouldBe(HttpStatusCode.OK);
            await faulted.HoldsAsync(Ct);
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Faults;

/// <summary>F38 of credit: transferred, debited and given back at once, at two hosts, at the moment in which a part of it ends.</summary>
[Trait("Fault", "F38")]
public sealed class F38TransferTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_goes_both_ways_as_a_part_of_it_ends_is_never_more_than_there_is()
    {
        await using var second = await app.StartSecondHostAsync();
        for (var round = 0; round < FaultLength.Times(inTests: 2, inFaults: 50); round++)
        {
            var branch = await app.BranchAsync();
            await branch.TopUpAsync("ends", "10.00", app.Now.AddDays(1));
            await branch.TopUpAsync("stays", "10.00");
            using var here = branch.As(Roles.DistributorAdministrator);
            using var there = here.At(second);

            var ending = Task.Run(async () =>
            {
                app.Clock.Advance(TimeSpan.FromDays(1));
                await Task.WhenAll(app.DrainAsync(), second.DrainAsync());
            }, Ct);
            var answers = await PrepaidCredit.AtOnceAsync(100, async i =>
            {
                var client = i % 2 == 0 ? here : there;
                if (i % 5 == 0)
                    return await branch.DebitAsync(client, $"{i}", "0.70");
                var down = i % 5 < 3;
                return await MoveAsync(client, down ? branch.Partner : branch.Tenant, down ? branch.Tenant : branch.Partner, $"{i}", "0.90");
            });
            await ending;
            foreach (var debit in answers.Where(a => a.Headers.Location?.ToString().Contains("/debits/", StringComparison.Ordinal) == true).Take(3))
                (await there.PostAsync(debit.Headers.Location + "/reversal", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.OK);
            await app.DrainAsync();

            answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.Created || a.StatusCode == HttpStatusCode.PaymentRequired);
            // What was spent and not given back, and what is there, is what stays; or more, by what was spent of the other part before its end.
            var left = (await app.RowsAsync(
                $"""
                select sum(l.remaining)::text from billing.credit_lots l join billing.ledger_accounts a on a.id = l.account_id
                where a.owner_id in ('{branch.Partner.Id.Value}', '{branch.Tenant.Id.Value}')
                """))[0];
            var spent = 0.70m * (answers.Count(a => a.Headers.Location?.ToString().Contains("/debits/", StringComparison.Ordinal) == true) - 3);
            (decimal.Parse(left, CultureInfo.InvariantCulture) + spent).ShouldBeInRange(10m, 20m);
            // Nothing is left that has ended, wherever it went meanwhile.
            (await app.RowsAsync(
                $"""
                select l.id::text from billing.credit_lots l join billing.ledger_accounts a on a.id = l.account_id
                where a.owner_id in ('{branch.Partner.Id.Value}', '{branch.Tenant.Id.Value}') and l.expires_at is not null and l.remaining <> 0
                """)).ShouldBeEmpty();
        }

        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task Of_parallel_transfers_as_many_win_as_there_is_credit_for_and_one_of_each_reference()
    {
        await using var second = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        await branch.TopUpAsync("all", "10.00");
        using var here = branch.As(Roles.PartnerAdministrator);
        using var there = here.At(second);

        var answers = await PrepaidCredit.AtOnceAsync(
            200, i => MoveAsync(i % 2 == 0 ? here : there, branch.Partner, branch.Tenant, $"race {i / 2}", "0.30"));

        var told = new List<string>();
        foreach (var answer in answers.Where(a => a.StatusCode is HttpStatusCode.Created))
            told.Add((await answer.JsonAsync()).GetProperty("id").GetString()!);
        told.Distinct().Count().ShouldBe(33);
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.Created || a.StatusCode == HttpStatusCode.PaymentRequired);
        (await branch.AvailableAsync()).ShouldBe("0.10");
        await CommonChecker.HoldsAsync(app, Ct);
    }

    private static Task<HttpResponseMessage> MoveAsync(
        HttpClient client, OrganizationRef from, OrganizationRef to, string reference, string amount) =>
        client.PostAsJsonAsync("/api/v1/credit/transfers", new
        {
            fromOrganizationId = from.Id.Value,
            toOrganizationId = to.Id.Value,
            reference,
            amount = new { amount, currency = "EUR" },
        }, Ct);
}

using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Faults;

/// <summary>F25: everyone wants the last of the credit, at two hosts at the same moment.</summary>
[Trait("Fault", "F25")]
public sealed class F25LastCreditTests(App app) : IClassFixture<App>
{
    [Theory]
    // The last one, for which all have come.
    [InlineData("1.00", "1.00", 1, "0.00", false)]
    // What does not go into it evenly; and with keys, so that each goes by itself.
    [InlineData("10.00", "0.30", 33, "0.10", false)]
    [InlineData("2.00", "0.30", 6, "0.20", true)]
    public async Task Of_parallel_debits_as_many_win_as_there_is_credit_for(string held, string each, int winners, string left, bool withKeys)
    {
        await using var second = await app.StartSecondHostAsync();
        for (var round = 0; round < FaultLength.Times(inTests: 1, inFaults: 50); round++)
        {
            var branch = await app.BranchAsync();
            await branch.TopUpAsync("all", held);
            using var here = branch.As(Roles.PartnerAdministrator);
            using var there = here.At(second);

            var answers = await PrepaidCredit.AtOnceAsync(
                200, i => branch.DebitAsync(i % 2 == 0 ? here : there, $"race {i}", each, withKeys ? $"{branch.Partner.Id.Value} {i}" : null));

            answers.CountBy(a => a.StatusCode).OrderBy(x => x.Key).ShouldBe(
                [new(HttpStatusCode.Created, winners), new(HttpStatusCode.PaymentRequired, 200 - winners)]);
            (await branch.AvailableAsync()).ShouldBe(left);
            // What was answered as taken is there, each with a transaction of its own.
            var told = new HashSet<string>();
            foreach (var answer in answers.Where(a => a.StatusCode is HttpStatusCode.Created))
                told.Add((await answer.JsonAsync()).GetProperty("id").GetString()!);
            (await app.RowsAsync(
                $"select id::text from billing.ledger_transactions where owner_id = '{branch.Partner.Id.Value}' and kind = 'Spending'"))
                .ShouldBe(told, ignoreOrder: true);
            told.Count.ShouldBe(winners);
        }

        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);
    }
}

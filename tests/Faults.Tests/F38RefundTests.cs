using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Faults;

/// <summary>F38 of credit: given back twice at once, and at the moment in which the lot ends that it came from.</summary>
[Trait("Fault", "F38")]
public sealed class F38RefundTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    // What ends takes along what is left of it, and what was taken from it comes back without an end.
    [InlineData(true)]
    // Nobody knows which is first: what came back in time ends with its lot, what came later does not.
    [InlineData(false)]
    public async Task What_is_given_back_as_its_lot_ends_is_given_back_once_and_lost_never(bool overBefore)
    {
        await using var second = await app.StartSecondHostAsync();
        for (var round = 0; round < FaultLength.Times(inTests: 3, inFaults: 100); round++)
        {
            var branch = await app.BranchAsync();
            await branch.TopUpAsync("ends", "10.00", app.Now.AddDays(1));
            using var here = branch.As(Roles.DistributorAdministrator);
            using var there = here.At(second);
            using var debit = await branch.DebitAsync(here, "a", "4.00");
            var path = debit.Headers.Location + "/reversal";
            if (overBefore)
                app.Clock.Advance(TimeSpan.FromDays(1));

            var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var ending = Task.Run(async () =>
            {
                await gate.Task;
                if (!overBefore)
                    app.Clock.Advance(TimeSpan.FromDays(1));
                await Task.WhenAll(app.DrainAsync(), second.DrainAsync());
            }, Ct);
            var reversing = Task.Run(() => PrepaidCredit.AtOnceAsync(20, async i =>
            {
                await gate.Task;
                return await (i % 2 == 0 ? here : there).PostAsync(path, null, Ct);
            }), Ct);
            gate.SetResult();
            await ending;
            var answers = await reversing;
            await app.DrainAsync();

            answers.CountBy(a => a.StatusCode).OrderBy(x => x.Key).ShouldBe([new(HttpStatusCode.OK, 1), new(HttpStatusCode.Conflict, 19)]);
            var left = await branch.AvailableAsync();
            if (overBefore)
                left.ShouldBe("4.00");
            else
                left.ShouldBeOneOf("4.00", "0.00");
            // Nothing is left that has ended: what it held was written off, whichever came first.
            (await app.RowsAsync(
                $"""
                select l.id::text from billing.credit_lots l join billing.ledger_accounts a on a.id = l.account_id
                where a.owner_id = '{branch.Partner.Id.Value}' and l.expires_at is not null and l.remaining <> 0
                """)).ShouldBeEmpty();
        }

        await CommonChecker.HoldsAsync(app, Ct);
    }
}

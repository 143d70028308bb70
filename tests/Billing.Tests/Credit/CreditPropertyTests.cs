using System.Globalization;
using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Whatever is done with credit, in whatever order and by however many: nothing comes from nowhere and nothing is lost.</summary>
public sealed class CreditPropertyTests(App app) : IClassFixture<App>
{
    private const int Steps = 120;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Lots as they should be, by hand and slowly.</summary>
    private sealed class Model
    {
        public Dictionary<int, List<(DateTimeOffset? End, decimal Left)>> Lots { get; } = [];

        public decimal Spendable(int owner, DateTimeOffset now) => Lots[owner].Where(x => x.End is null || x.End > now).Sum(x => x.Left);

        public List<(DateTimeOffset? End, decimal Left)>? Take(int owner, decimal amount, DateTimeOffset now)
        {
            if (Spendable(owner, now) < amount)
                return null;
            var taken = new List<(DateTimeOffset?, decimal)>();
            var left = new List<(DateTimeOffset?, decimal)>();
            foreach (var (end, held) in Lots[owner].OrderBy(x => x.End ?? DateTimeOffset.MaxValue))
            {
                var part = end is not null && end <= now ? 0 : Math.Min(held, amount);
                amount -= part;
                if (part > 0)
                    taken.Add((end, part));
                if (held > part)
                    left.Add((end, held - part));
            }

            Lots[owner] = left;
            return taken;
        }
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public async Task One_after_the_other_it_is_what_a_model_says(int seed)
    {
        var random = new Random(seed);
        var owners = await OwnersAsync();
        using var platform = owners.Branch.Administrator();
        var model = new Model();
        for (var i = 0; i < owners.All.Count; i++)
            model.Lots[i] = [];
        var debits = new List<(Guid Id, int Owner, List<(DateTimeOffset? End, decimal Left)> Taken)>();
        for (var step = 0; step < Steps; step++)
        {
            var (one, amount) = (random.Next(owners.All.Count), random.Next(1, 400) / 100m);
            var other = (one + random.Next(1, owners.All.Count)) % owners.All.Count;
            switch (random.Next(10))
            {
                case < 3:
                    var end = random.Next(3) == 0 ? (DateTimeOffset?)null : app.Now.AddHours(random.Next(1, 200));
                    await platform.AddAsync(owners.All[one], $"{step}", euros: amount, expiresAt: end).OkAsync();
                    model.Lots[one].Add((end, amount));
                    break;
                case < 5:
                    using (var answer = await platform.TakeAsync(owners.All[one], $"{step}", euros: amount))
                        if (model.Take(one, amount, app.Now) is { } taken)
                            debits.Add(((await answer.JsonAsync()).GetProperty("id").GetGuid(), one, taken));
                        else
                            answer.StatusCode.ShouldBeOneOf(HttpStatusCode.PaymentRequired, HttpStatusCode.UnprocessableEntity);
                    break;
                case < 8:
                    using (var answer = await platform.MoveAsync(owners.All[one], owners.All[other], $"{step}", euros: amount))
                        if (model.Take(one, amount, app.Now) is { } moved)
                        {
                            answer.StatusCode.ShouldBe(HttpStatusCode.Created);
                            model.Lots[other].AddRange(moved);
                        }
                        else
                            answer.StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
                    break;
                case 8 when debits.Count > 0:
                    var debit = debits[random.Next(debits.Count)];
                    debits.Remove(debit);
                    await platform.PostAsync($"/api/v1/credit/debits/{debit.Id}/reversal", null, Ct).OkAsync();
                    model.Lots[debit.Owner].AddRange(debit.Taken.Select(x => (x.End <= app.Now ? null : x.End, x.Left)));
                    break;
                default:
                    app.Clock.Advance(TimeSpan.FromHours(random.Next(1, 40)));
                    if (random.Next(2) == 0)
                        await app.DrainAsync();
                    break;
            }

            for (var i = 0; i < owners.All.Count; i++)
                (await owners.Branch.BalanceAsync(owners.All[i])).ShouldBeOneOf(
                    model.Spendable(i, app.Now).ToString("0.00", CultureInfo.InvariantCulture), model.Lots[i].Count == 0 ? "none" : "");
        }

        await app.ProvenAsync();
    }

    [Theory]
    [InlineData(11), InlineData(12)]
    public async Task All_at_once_at_two_processes_it_adds_up_to_nothing_at_any_moment(int seed)
    {
        var random = new Random(seed);
        var owners = await OwnersAsync();
        await using var second = await app.StartSecondHostAsync();
        using var platform = owners.Branch.Administrator();
        foreach (var owner in owners.All)
        {
            await platform.AddAsync(owner, "start", euros: 20).OkAsync();
            await platform.AddAsync(owner, "ends", euros: 20, expiresAt: app.Now.AddDays(1)).OkAsync();
            await platform.WatchAsync(owner, 15).OkAsync();
            await platform.RuleAsync(owner, below: 5, amount: 5, timesPerMonth: 3).OkAsync();
        }

        var plan = Enumerable.Range(0, 200).Select(i => (I: i, What: random.Next(8), One: random.Next(owners.All.Count),
            Other: random.Next(1, owners.All.Count), Amount: random.Next(1, 500) / 100m)).ToList();
        using var over = new CancellationTokenSource();
        var watched = WatchAsync(over.Token);
        await Parallel.ForEachAsync(plan, new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Ct }, async (step, _) =>
        {
            var (one, other) = (owners.All[step.One], owners.All[(step.One + step.Other) % owners.All.Count]);
            if (step.I == 120)
                app.Clock.Advance(TimeSpan.FromDays(1));
            if (step.I % 20 == 0)
                await (step.I % 40 == 0 ? app.DrainAsync() : second.DrainAsync());
            using var answer = await (step.What switch
            {
                0 => platform.AddAsync(one, $"{step.I}", euros: step.Amount, expiresAt: app.Now.AddDays(2 - (step.I % 2))),
                < 4 => platform.TakeAsync(one, $"{step.I}", euros: step.Amount),
                _ => platform.MoveAsync(one, other, $"{step.I}", euros: step.Amount),
            });
            if (step.What is 1 && answer.StatusCode is HttpStatusCode.Created)
            {
                var debit = (await answer.JsonAsync()).GetProperty("id").GetGuid();
                await platform.PostAsync($"/api/v1/credit/debits/{debit}/reversal", null, Ct).OkAsync();
            }

            answer.StatusCode.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.PaymentRequired);
        });
        await over.CancelAsync();
        (await watched).ShouldBeGreaterThan(0);
        await app.DrainAsync();
        await app.ProvenAsync();
    }

    // What anybody sees who looks while it is being done.
    private async Task<int> WatchAsync(CancellationToken until)
    {
        var looked = 0;
        do
        {
            (await app.RowsAsync(
                """
                select a.unit from billing.ledger_balances b join billing.ledger_accounts a on a.id = b.account_id
                group by a.unit having sum(b.balance) <> 0 or sum(b.balance) filter (where a.kind = 'Transferred') <> 0
                """)).ShouldBeEmpty();
            looked++;
        }
        while (!until.IsCancellationRequested);
        return looked;
    }

    // A partner and its tenants: each may exchange with each.
    private async Task<(Branch Branch, IReadOnlyList<OrganizationRef> All)> OwnersAsync()
    {
        var branch = await app.BranchAsync();
        return (branch, [branch.Partner, branch.Tenant, await app.TenantAsync(branch.Platform, branch.Partner)]);
    }
}

using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Ledger;

/// <summary>How spendings that come together share what there is; no database.</summary>
public sealed class SpendingTests
{
    private static readonly Guid First = new("00000000-0000-7000-8000-000000000001");
    private static readonly Guid Second = new("00000000-0000-7000-8000-000000000002");

    [Fact]
    public void Who_comes_first_takes_first_and_who_is_refused_leaves_all_to_those_after_him()
    {
        var lots = Lots((First, 5m), (Second, 3m));

        Of(lots, 4m).ShouldBe("Spent: 1 4");
        Of(lots, 5m).ShouldBe("Insufficient of 4");
        // Over the border of two lots.
        Of(lots, 3m).ShouldBe("Spent: 1 1, 2 2");
        Of(lots, 1m).ShouldBe("Spent: 2 1");
        Of(lots, 0.01m).ShouldBe("Insufficient of 0");
    }

    [Fact]
    public void In_part_is_what_there_is_and_then_nothing()
    {
        var lots = Lots((First, 2m));

        Of(lots, 5m, partly: true).ShouldBe("Spent: 1 2");
        Of(lots, 5m, partly: true).ShouldBe("Spent: ");
    }

    [Fact]
    public void Whatever_is_asked_no_more_is_taken_than_there_is_and_nothing_is_refused_that_there_was()
    {
        var random = new Random(7);
        for (var round = 0; round < 2_000; round++)
        {
            var held = Enumerable.Range(0, random.Next(1, 6)).Select(_ => (Guid: NewId(random), Amount: random.Next(1, 500) / 100m)).ToArray();
            var (lots, left) = (Lots([.. held.Select(h => (h.Guid, h.Amount))]), held.Sum(h => h.Amount));
            var ofLots = held.ToDictionary(h => h.Guid, h => h.Amount);
            for (var i = 0; i < 20; i++)
            {
                var asked = random.Next(1, 400) / 100m;
                var (outcome, taken) = SpendingOutcome.Of(Asked(asked, partly: false), _ => lots);
                (outcome.State is SpendingState.Spent).ShouldBe(asked <= left);
                taken.Sum(t => -t.Amount).ShouldBe(asked <= left ? asked : 0);
                foreach (var posting in taken)
                    ofLots[posting.Lot!.Value] += posting.Amount;
                left += taken.Sum(t => t.Amount);
                ofLots.Values.ShouldAllBe(x => x >= 0);
            }
        }
    }

    private static string Of(SpendableLots lots, decimal amount, bool partly = false)
    {
        var (outcome, taken) = SpendingOutcome.Of(Asked(amount, partly), _ => lots);
        return outcome.State is SpendingState.Spent
            ? $"Spent: {string.Join(", ", taken.Select(t => FormattableString.Invariant($"{(t.Lot == First ? 1 : 2)} {-t.Amount}")))}"
            : FormattableString.Invariant($"{outcome.State} of {outcome.Short.Available}");
    }

    private static Spending Asked(decimal amount, bool partly) => new(default, "key", "reference", [new("EUR", amount)]) { Partly = partly };

    private static SpendableLots Lots(params (Guid Id, decimal Remaining)[] lots) => new(
        LedgerAccount.Of(First, new OrganizationId(Second), "1.", AccountKind.Prepaid, "EUR", DateTimeOffset.UnixEpoch),
        lots.Sum(l => l.Remaining), lots);

    private static Guid NewId(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }
}

using Licensing.Billing.Coupons;
using Licensing.Billing.Runs;

namespace Licensing.Billing.Settlement;

/// <summary>What a credit has paid of a month, in all that stands: of the month's own bill, less what adjustments gave back.</summary>
/// <param name="Reduction">Which.</param>
/// <param name="Amount">Money that it paid and that did not go back.</param>
/// <param name="Consumed">The same in the credit's own unit.</param>
internal sealed record PaidCredit(GrantedReduction Reduction, Exact Amount, Exact Consumed)
{
    /// <summary>What it paid when the month itself was billed: the most that it pays of it ever.</summary>
    public Exact OwnAmount { get; init; }

    public Exact OwnConsumed { get; init; }
}

/// <summary>
/// The credits of one tenant's month while its adjustments are made. What a credit paid goes back to it, in the other order than it was used: the
/// credit that ends last, and units before money. What went back pays again when the month is corrected upwards, as far as it is left.
/// </summary>
/// <param name="paid">In the order of their use.</param>
/// <param name="left">What could be spent of each credit, in its unit; shared by the tenant's months and reduced by what is taken.</param>
internal sealed class MonthCredits(IEnumerable<PaidCredit> paid, IDictionary<Guid, Exact> left)
{
    private const int Digits = 18;

    private readonly PaidCredit[] _now = [.. paid];
    private readonly List<ReductionUse> _uses = [];

    /// <summary>What was taken and given since, one per credit, for the bill that adjusts this month.</summary>
    public IReadOnlyList<ReductionUse> Uses(DateOnly month) =>
    [
        .. _uses.GroupBy(use => use.Reduction.Id).Select(own => new ReductionUse(
                own.First().Reduction, Exact.Sum(own.Select(use => use.Amount)), Exact.Sum(own.Select(use => use.Consumed))) { Adjusts = month })
            .Where(use => use.Amount.Sign != 0 || use.Consumed.Sign != 0),
    ];

    /// <summary>Gives back what credits paid for something; less than asked for where they did not pay so much.</summary>
    public Money GiveBack(DueCharge due, Money most)
    {
        var rest = most.Amount;
        foreach (var i in Places(due))
        {
            var credit = _now[i];
            var part = Exact.Min(rest, credit.Amount);
            if (part.Sign <= 0)
                continue;
            Use(i, -part, part == credit.Amount ? -credit.Consumed : -Part(credit, part, credit.Amount, credit.Consumed));
            rest -= Decimal(part);
        }

        return most with { Amount = most.Amount - rest };
    }

    /// <summary>Takes again what went back to credits, as far as it is left.</summary>
    public Money Take(DueCharge due, Money most)
    {
        var rest = most.Amount;
        foreach (var i in Places(due))
        {
            var credit = _now[i];
            var (room, units) = (credit.OwnAmount - credit.Amount, credit.OwnConsumed - credit.Consumed);
            var available = Exact.Min(units, left.TryGetValue(credit.Reduction.Id, out var some) ? some : 0);
            if (room.Sign <= 0 || available.Sign <= 0)
                continue;
            var part = Exact.Min(rest, available == units ? room : Down(room * available / units, most.Currency.MinorUnits));
            if (part.Sign <= 0)
                continue;
            var consumed = part == room ? units : Part(credit, part, room, units);
            left[credit.Reduction.Id] = some - consumed;
            Use(i, part, consumed);
            rest -= Decimal(part);
        }

        return most with { Amount = most.Amount - rest };
    }

    // How much of a line each credit paid is not known, only how much of the month: those that are for it come first. Giving and taking go the same
    // way, so that what is corrected and corrected back is as it was.
    private IEnumerable<int> Places(DueCharge due) =>
        Enumerable.Range(0, _now.Length).Reverse().OrderByDescending(i => _now[i].Reduction.Covers(due));

    private void Use(int place, Exact amount, Exact consumed)
    {
        var credit = _now[place];
        _now[place] = credit with { Amount = credit.Amount + amount, Consumed = credit.Consumed + consumed };
        _uses.Add(new ReductionUse(credit.Reduction, amount, consumed));
    }

    // Units are given and taken as money is, in as many digits as a credit has; the last part has the rest.
    private static Exact Part(PaidCredit credit, Exact part, Exact amount, Exact consumed) =>
        credit.Reduction.Quantity is null ? part : Down(consumed * part / amount, Digits);

    private static Exact Down(Exact value, int digits)
    {
        var scale = System.Numerics.BigInteger.Pow(10, digits);
        return new Exact((value * new Exact(scale, 1)).Floor(), scale);
    }

    private static decimal Decimal(Exact amount) =>
        amount.TryToDecimal(out var value) ? value : throw new InvalidOperationException($"{amount} of a credit");
}

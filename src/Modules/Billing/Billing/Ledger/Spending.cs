using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Ledger;

/// <summary>Something to be paid from prepaid credit.</summary>
/// <param name="Owner">Whose credit.</param>
/// <param name="Key">Names this spending for ever.</param>
/// <param name="Reference">What it is for, for people.</param>
/// <param name="Amounts">One per unit, none of them 0 or less.</param>
internal sealed record Spending(OrganizationId Owner, string Key, string Reference, IReadOnlyList<CreditAmount> Amounts)
{
    public string? Description { get; init; }

    /// <summary>Whether as much is taken as there is where it does not suffice.</summary>
    public bool Partly { get; init; }
}

/// <summary>What is left in an account's lots while several spendings are taken from them, one after the other.</summary>
/// <param name="account">The account.</param>
/// <param name="available">What all its lots hold.</param>
/// <param name="lots">Of those as many as all that is asked can need, in the order in which they are spent.</param>
internal sealed class SpendableLots(LedgerAccount account, decimal available, IReadOnlyList<(Guid Id, decimal Remaining)> lots)
{
    private int _at;
    private decimal _taken;

    public LedgerAccount Account => account;

    public decimal Available { get; private set; } = available;

    /// <summary>Takes what must be there.</summary>
    public IEnumerable<Posting> Take(decimal amount)
    {
        if (amount > Available)
            throw new InvalidOperationException($"{amount} of {Available}.");
        Available -= amount;
        var taken = new List<Posting>();
        while (amount > 0)
        {
            var (id, remaining) = lots[_at];
            var part = Math.Min(amount, remaining - _taken);
            taken.Add(new(account, -part, id));
            (amount, _taken) = (amount - part, _taken + part);
            if (_taken == remaining)
                (_at, _taken) = (_at + 1, 0);
        }

        return taken;
    }
}

internal enum SpendingState
{
    /// <summary>It was taken.</summary>
    Spent,

    /// <summary>This key was spent before; nothing was taken now.</summary>
    SpentBefore,

    /// <summary>There is less than was asked.</summary>
    Insufficient,

    /// <summary>The owner has never had credit of a unit that was asked, or the caller does not reach it.</summary>
    NoAccount,
}

/// <summary>What became of a spending.</summary>
/// <param name="State">Whether it was done.</param>
/// <param name="Amounts">What was taken, by unit.</param>
/// <param name="Transaction">What it is in the ledger; null where nothing was taken.</param>
internal sealed record SpendingOutcome(SpendingState State, IReadOnlyList<CreditAmount> Amounts, LedgerTransaction? Transaction = null)
{
    /// <summary>Of what there was too little, and how much of it there was.</summary>
    public (CreditAmount Required, decimal Available) Short { get; init; }

    /// <summary>When it was given back, if it was.</summary>
    public DateTimeOffset? ReversedAt { get; init; }

    public Refusal Refusal => LedgerRefusals.Insufficient(Short.Required, Short.Available);

    /// <summary>Decides one spending after those that were taken from the same lots before it. One that is refused takes nothing.</summary>
    /// <returns>The outcome without its transaction, and what is to be taken from which lots.</returns>
    public static (SpendingOutcome Outcome, IReadOnlyList<Posting> Taken) Of(Spending asked, Func<string, SpendableLots?> lotsOf)
    {
        var taken = new List<Posting>();
        var amounts = new List<CreditAmount>();
        foreach (var amount in asked.Amounts)
        {
            var available = lotsOf(amount.Unit)?.Available ?? 0;
            if (available < amount.Amount && !asked.Partly)
                return (new(SpendingState.Insufficient, []) { Short = (amount, available) }, []);
            amounts.Add(amount with { Amount = Math.Min(amount.Amount, available) });
        }

        // Only now, when nothing is short: who is refused leaves everything to those after him.
        foreach (var amount in amounts.Where(a => a.Amount > 0))
            taken.AddRange(lotsOf(amount.Unit)!.Take(amount.Amount));
        return (new(SpendingState.Spent, [.. amounts.Where(a => a.Amount > 0)]), taken);
    }
}

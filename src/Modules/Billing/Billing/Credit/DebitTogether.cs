using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>
/// Several debits of one caller in one transaction, of one account or of many: the credit is looked at once, decided in the order in which they
/// came, and booked by one statement. Each has its own transaction in the ledger, its own entries and its own answer.
/// </summary>
internal sealed class DebitTogether(CreditSpending spending, Principal principal) : IHandleTogether<DebitCredit.Command, Result<DebitView>>
{
    private readonly Dictionary<DebitCredit.Command, Together<Result<DebitView>>> _turns = new(ReferenceEqualityComparer.Instance);

    public async Task HoldAsync(IReadOnlyList<DebitCredit.Command> requests, CancellationToken ct)
    {
        var named = new HashSet<(OrganizationId, string)>();
        var now = new List<DebitCredit.Command>(requests.Count);
        foreach (var request in requests)
            // Of one reference the second comes when the first is there to be found.
            if (named.Add((request.OrganizationId, request.Reference)))
                now.Add(request);
            else
                _turns[request] = Together<Result<DebitView>>.Later;

        var (outcomes, booked) = await spending.SpendAsync([.. now.Select(DebitCredit.SpendingOf)], principal.Scope, ct);
        foreach (var (request, outcome) in now.Zip(outcomes))
            _turns[request] = DebitCredit.AnswerOf(request, outcome) is not { } answer ? Together<Result<DebitView>>.Alone
                : Together<Result<DebitView>>.Done(
                    answer,
                    outcome.Transaction is { } done && booked.TryGetValue(done.Id, out var booking) ? [LedgerWriter.ChangeOf(booking)] : []);
    }

    public Task<Together<Result<DebitView>>> HandleAsync(DebitCredit.Command request, CancellationToken ct) => Task.FromResult(_turns[request]);
}

using FluentValidation;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>
/// Takes something from prepaid credit, once for its reference, whole or not at all. What one caller sends at the same time is
/// taken together (<see cref="DebitTogether"/>).
/// </summary>
internal static class DebitCredit
{
    /// <param name="OrganizationId">A distributor, partner or tenant.</param>
    /// <param name="Reference">Of what is paid; unique for the account.</param>
    /// <param name="Amount">Money to take, or</param>
    /// <param name="Points">points, or</param>
    /// <param name="Description">For people.</param>
    /// <param name="Credits">credits.</param>
    [Needs(BillingPermissions.CreditDebit)]
    public sealed record Command(
        OrganizationId OrganizationId, string Reference, Money? Amount = null, decimal? Points = null, string? Description = null,
        long? Credits = null)
        : ICommand<DebitView>, ITogether
    {
        // What they share is one statement: the more the better, as long as the last of them need not wait long.
        public static int Most => 256;

        public bool GoesAlone => false;

        /// <summary>What is to be taken, as the ledger counts it.</summary>
        internal CreditAmount Asked => CreditRules.Of(Amount, Points, Credits)[0];
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(CreditRules.LongestReference);
            RuleFor(x => x.Description).MaximumLength(CreditRules.LongestDescription);
            RuleFor(x => x.Amount).Must((x, _) => CreditRules.Of(x.Amount, x.Points, x.Credits).Count == 1)
                .WithErrorCode("amount_or_points").WithMessage(CreditRules.OneRule);
            RuleFor(x => x.Amount).Must(CreditRules.IsAmount).WithErrorCode("not_an_amount").WithMessage(CreditRules.AmountRule);
            RuleFor(x => x.Points).Must(CreditRules.IsPoints).WithErrorCode("not_an_amount").WithMessage(CreditRules.PointsRule);
            RuleFor(x => x.Credits).Must(CreditRules.IsCredits).WithErrorCode("not_an_amount").WithMessage(CreditRules.CreditsRule);
        }
    }

    internal sealed class Handler(CreditSpending spending, IOrganizationDirectory organizations, Principal principal, AuditTrail audit)
        : ICommandHandler<Command, DebitView>
    {
        public async Task<Result<DebitView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var (outcomes, booked) = await spending.SpendAsync([SpendingOf(command)], principal.Scope, cancellationToken);
            foreach (var booking in booked.Values)
                audit.Note(LedgerWriter.ChangeOf(booking));
            if (AnswerOf(command, outcomes[0]) is { } answer)
                return answer;
            // Who has never had such credit may be somebody all the same.
            return await organizations.FindAsync(command.OrganizationId, cancellationToken) is { } owner && CreditAccounts.HasCredit(owner)
                && principal.Scope.Contains(owner.Path)
                ? LedgerRefusals.Insufficient(command.Asked, 0)
                : LedgerRefusals.NotAPartner(command.OrganizationId.Value);
        }
    }

    internal static Spending SpendingOf(Command command) =>
        new(command.OrganizationId, DebitView.KeyOf(command.Reference), command.Reference, [command.Asked]) { Description = command.Description };

    /// <summary>What is answered; null where the account was not there or not the caller's.</summary>
    internal static Result<DebitView>? AnswerOf(Command command, SpendingOutcome outcome) => outcome switch
    {
        { State: SpendingState.Spent } => DebitView.Of(outcome.Transaction!, outcome.Amounts[0], null),
        { State: SpendingState.SpentBefore, Amounts: [var taken] } when taken == command.Asked =>
            DebitView.Of(outcome.Transaction!, taken, outcome.ReversedAt),
        { State: SpendingState.SpentBefore } => LedgerRefusals.DebitReferenceUsed,
        { State: SpendingState.Insufficient } => outcome.Refusal,
        _ => null,
    };

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPost("/debits", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/credit/debits/{x.Id}", ct))
        .Slice<Command, DebitView>(nameof(DebitCredit), "Takes an amount from prepaid credit, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new
        {
            organizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            reference = "order 4711",
            amount = new { amount = "12.50", currency = "EUR" },
            description = "Onboarding of ten seats",
        }));
}

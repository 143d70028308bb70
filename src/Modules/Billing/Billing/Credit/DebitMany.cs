using FluentValidation;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Billing.Credit;

/// <summary>
/// Takes many amounts from prepaid credit at once, as whoever meters something does: each whole or not at all, in their order, once for its
/// reference; all that are taken are committed together.
/// </summary>
internal static class DebitMany
{
    public const int Most = 1_000;
    private const int MostBytes = 4 * 1024 * 1024;

    /// <param name="Items">1 to 1,000 debits of any accounts of the caller's branch, no two with one account and reference.</param>
    [Needs(BillingPermissions.CreditDebit)]
    public sealed record Command(IReadOnlyList<DebitCredit.Command> Items) : ICommand<DebitBatchView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Items).Must(items => items.Count is > 0 and <= Most).WithErrorCode("count")
            .WithMessage($"items must have 1 to {Most} entries.");
    }

    internal sealed class Handler(
        CreditSpending spending, IOrganizationDirectory organizations, Principal principal, AuditTrail audit,
        IValidator<DebitCredit.Command> rules) : ICommandHandler<Command, DebitBatchView>
    {
        private static readonly ChannelDialect Statuses = new();

        public async Task<Result<DebitBatchView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var answers = Unsound(command.Items);
            var sound = Enumerable.Range(0, answers.Length).Where(i => answers[i] is null).ToList();
            if (sound.Count > 0)
            {
                var (outcomes, booked) = await spending.SpendAsync(
                    [.. sound.Select(i => DebitCredit.SpendingOf(command.Items[i]))], principal.Scope, cancellationToken);
                foreach (var change in LedgerWriter.ChangesOf([.. booked.Values]))
                    audit.Note(change);
                foreach (var (i, outcome) in sound.Zip(outcomes))
                    answers[i] = DebitCredit.AnswerOf(command.Items[i], outcome);
            }

            await WithoutAccountAsync(command.Items, answers, cancellationToken);
            return new DebitBatchView([.. answers.Select((answer, i) => answer!.Refused(out var refusal, out var debit)
                ? new DebitBatchResult(i, Statuses.StatusOf(refusal.Kind), null, new BatchError(refusal.Code, refusal.Message, refusal.Fields))
                : new DebitBatchResult(i, StatusCodes.Status201Created, debit, null))]);
        }

        // What breaks a rule by itself, and what has the reference of one before it: which of the two the caller means he alone knows.
        private Result<DebitView>?[] Unsound(IReadOnlyList<DebitCredit.Command> items)
        {
            var named = new HashSet<(OrganizationId, string)>();
            return [.. items.Select(Refused)];

            Result<DebitView>? Refused(DebitCredit.Command item)
            {
                if (FieldErrors.Of(rules.Validate(item)) is { Count: > 0 } errors)
                    return Refusal.AllFields(errors);
                if (!named.Add((item.OrganizationId, item.Reference)))
                    return LedgerRefusals.ReferenceRepeated;
                return null;
            }
        }

        // Who has never had such credit may be somebody all the same; all of them are asked for in one read.
        private async Task WithoutAccountAsync(
            IReadOnlyList<DebitCredit.Command> items, Result<DebitView>?[] answers, CancellationToken ct)
        {
            var open = Enumerable.Range(0, answers.Length).Where(i => answers[i] is null).ToList();
            if (open.Count == 0)
                return;
            var owners = await organizations.FindAsync([.. open.Select(i => items[i].OrganizationId).Distinct()], ct);
            foreach (var i in open)
                answers[i] = owners.GetValueOrDefault(items[i].OrganizationId) is { } owner && CreditAccounts.HasCredit(owner)
                    && principal.Scope.Contains(owner.Path)
                    ? LedgerRefusals.Insufficient(items[i].Asked, 0)
                    : LedgerRefusals.NotAPartner(items[i].OrganizationId.Value);
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPost("/debits/batch", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .MaxBody(MostBytes)
        .Slice<Command, DebitBatchView>(nameof(DebitMany), "Takes up to 1,000 amounts from prepaid credit, each once per reference")
        // Its references are its keys: the answer to a key would go on refusing after a top-up what had too little before it.
        .WithMetadata(new RetriesItself());
}

internal sealed record DebitBatchView(IReadOnlyList<DebitBatchResult> Results);

/// <summary>One debit's outcome, with the status that it would have had alone.</summary>
internal sealed record DebitBatchResult(int Index, int Status, DebitView? Debit, BatchError? Error);

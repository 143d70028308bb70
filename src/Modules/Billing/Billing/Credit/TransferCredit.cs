using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>
/// Moves credit between two accounts of the caller's branch, once for its reference, whole or not at all: between an organisation and the one
/// right above it, or between two under the same. The lots keep their ends.
/// </summary>
internal static class TransferCredit
{
    /// <param name="FromOrganizationId">Who gives.</param>
    /// <param name="ToOrganizationId">Who gets.</param>
    /// <param name="Reference">Unique for who gives.</param>
    /// <param name="Amount">Money, or</param>
    /// <param name="Points">points, or</param>
    /// <param name="Credits">credits.</param>
    /// <param name="Description">For people.</param>
    [Needs(BillingPermissions.CreditTransfer)]
    public sealed record Command(
        OrganizationId FromOrganizationId, OrganizationId ToOrganizationId, string Reference, Money? Amount = null, decimal? Points = null,
        long? Credits = null, string? Description = null) : ICommand<TransferView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(CreditRules.LongestReference);
            RuleFor(x => x.Description).MaximumLength(CreditRules.LongestDescription);
            RuleFor(x => x.ToOrganizationId).NotEqual(x => x.FromOrganizationId).WithErrorCode("same_account")
                .WithMessage("toOrganizationId must be another account than who gives.");
            RuleFor(x => x.Amount).Must((x, _) => CreditRules.Of(x.Amount, x.Points, x.Credits).Count == 1)
                .WithErrorCode("amount_or_points").WithMessage(CreditRules.OneRule);
            RuleFor(x => x.Amount).Must(CreditRules.IsAmount).WithErrorCode("not_an_amount").WithMessage(CreditRules.AmountRule);
            RuleFor(x => x.Points).Must(CreditRules.IsPoints).WithErrorCode("not_an_amount").WithMessage(CreditRules.PointsRule);
            RuleFor(x => x.Credits).Must(CreditRules.IsCredits).WithErrorCode("not_an_amount").WithMessage(CreditRules.CreditsRule);
        }
    }

    internal sealed class Handler(BillingDb db, CreditTransfers transfers, CreditLedger ledger, IOrganizationDirectory organizations,
        Principal principal) : ICommandHandler<Command, TransferView>
    {
        public async Task<Result<TransferView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var held = await organizations.HoldAsync([command.FromOrganizationId, command.ToOrganizationId], cancellationToken);
            OrganizationRef? Of(OrganizationId id) =>
                held.GetValueOrDefault(id) is { } found && CreditAccounts.HasCredit(found) && principal.Scope.Contains(found.Path) ? found : null;
            if (Of(command.FromOrganizationId) is not { } from)
                return LedgerRefusals.NotAnAccount("/fromOrganizationId", command.FromOrganizationId.Value);
            if (Of(command.ToOrganizationId) is not { } to)
                return LedgerRefusals.NotAnAccount("/toOrganizationId", command.ToOrganizationId.Value);
            if (!CreditAccounts.MayTransfer(from, to))
                return LedgerRefusals.NotBesideEachOther;
            var amount = CreditRules.Of(command.Amount, command.Points, command.Credits)[0];
            if ((await transfers.TransferAsync(from, to, command.Reference, amount, command.Description, cancellationToken))
                .Refused(out var refusal, out var given))
                return refusal;
            return await ViewAsync(given, to.Id, amount, cancellationToken);
        }

        private async Task<TransferView> ViewAsync(LedgerTransaction given, OrganizationId to, CreditAmount amount, CancellationToken ct)
        {
            var lots = await db.LedgerEntries.AsNoTracking().Where(x => x.TransactionId == given.CounterpartId && x.LotId != null)
                .Join(db.CreditLots, x => x.LotId, x => x.Id, (entry, lot) => new { lot.Id, entry.Amount, lot.ExpiresAt, entry.Position })
                .OrderBy(x => x.Position).ToListAsync(ct);
            return new(
                given.Id, given.OwnerId, to, given.Reference, given.Description, amount.Unit, CreditAmountView.Text(amount.Unit, amount.Amount),
                [.. lots.Select(x => new CreditLotView(x.Id, amount.Unit, CreditAmountView.Text(amount.Unit, x.Amount), x.ExpiresAt))],
                await BalanceAsync(given.OwnerId), await BalanceAsync(to), given.CreatedAt);

            async Task<string> BalanceAsync(OrganizationId owner) =>
                CreditAmountView.Text(amount.Unit, (await ledger.AvailableAsync(owner, ct)).Single(x => x.Unit == amount.Unit).Amount);
        }
    }

    /// <param name="Lots">What came, by end.</param>
    /// <param name="FromBalance">What who gave can spend of it now.</param>
    /// <param name="ToBalance">What who got can.</param>
    public sealed record TransferView(
        Guid Id, OrganizationId FromOrganizationId, OrganizationId ToOrganizationId, string Reference, string? Description, string Unit,
        string Amount, IReadOnlyList<CreditLotView> Lots, string FromBalance, string ToBalance, DateTimeOffset CreatedAt);

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPost("/transfers", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/credit/movements?organizationId={x.FromOrganizationId.Value}", ct))
        .Slice<Command, TransferView>(
            nameof(TransferCredit), "Moves prepaid credit to another account, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new
        {
            fromOrganizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            toOrganizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c02",
            reference = "share 4711",
            credits = 25,
            description = "For the new branch office",
        }));
}

using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>Adds prepaid credit to who stands below the caller. A reference is added once, however often it is sent.</summary>
internal static class TopUpCredit
{
    /// <param name="OrganizationId">A distributor, partner or tenant.</param>
    /// <param name="Reference">Of the payment; unique for the account.</param>
    /// <param name="Amount">Money to be spent.</param>
    /// <param name="Points">Points to be spent.</param>
    /// <param name="ExpiresAt">What is left then is lost; null: as <paramref name="ExpiryMonths"/> says.</param>
    /// <param name="Credits">Credits to be spent.</param>
    /// <param name="ExpiryMonths">After so many months what is left is lost; null: never, of credits after twelve.</param>
    [Needs(BillingPermissions.CreditTopUp)]
    public sealed record Command(
        OrganizationId OrganizationId, string Reference, Money? Amount = null, decimal? Points = null, DateTimeOffset? ExpiresAt = null,
        long? Credits = null, int? ExpiryMonths = null) : ICommand<TopUpView>
    {
        /// <summary>When what is added ends.</summary>
        internal CreditEnd End => ExpiresAt is { } at ? CreditEnd.At(at) : CreditEnd.InMonths(ExpiryMonths);
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator(TimeProvider clock)
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(CreditRules.LongestReference);
            RuleFor(x => x.Reference).Must(x => !AutomaticTopUps.IsKey(x)).When(x => x.Reference is not null)
                .WithErrorCode("reserved_reference").WithMessage("reference must not begin with auto:, as those of automatic top-ups do.");
            RuleFor(x => x.Amount).NotNull().When(x => x.Points is null && x.Credits is null)
                .WithErrorCode("nothing_to_add").WithMessage("amount must be given, or points or credits, or several of them.");
            RuleFor(x => x.Amount).Must(CreditRules.IsAmount).WithErrorCode("not_an_amount").WithMessage(CreditRules.AmountRule);
            RuleFor(x => x.Points).Must(CreditRules.IsPoints).WithErrorCode("not_an_amount").WithMessage(CreditRules.PointsRule);
            RuleFor(x => x.Credits).Must(CreditRules.IsCredits).WithErrorCode("not_an_amount").WithMessage(CreditRules.CreditsRule);
            RuleFor(x => x.ExpiresAt).Must(at => at is null || at > clock.GetUtcNow()).WithErrorCode("too_early")
                .WithMessage("expiresAt must lie ahead.");
            RuleFor(x => x.ExpiresAt).Must((x, at) => x.Credits is null || !(at > clock.GetUtcNow().AddMonths(CreditEnd.MostMonths)))
                .WithErrorCode("too_late").WithMessage($"expiresAt must be at most {CreditEnd.MostMonths} months ahead for credits.");
            RuleFor(x => x.ExpiresAt).Null().When(x => x.ExpiryMonths is not null)
                .WithErrorCode("end_or_months").WithMessage("expiresAt must not be given beside expiryMonths.");
            RuleFor(x => x.ExpiryMonths).InclusiveBetween(1, CreditEnd.MostMonths).WithErrorCode("out_of_range");
        }
    }

    internal sealed class Handler(BillingDb db, CreditLedger ledger, IOrganizationDirectory organizations, Principal principal)
        : ICommandHandler<Command, TopUpView>
    {
        public async Task<Result<TopUpView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var held = await organizations.HoldAsync([command.OrganizationId], cancellationToken);
            if (held.GetValueOrDefault(command.OrganizationId) is not { } owner || !CreditAccounts.HasCredit(owner)
                || !principal.Scope.Contains(owner.Path))
                return LedgerRefusals.NotAPartner(command.OrganizationId.Value);
            var amounts = CreditRules.Of(command.Amount, command.Points, command.Credits);
            if (!CreditAccounts.MayGive(principal.Scope, owner.Path, amounts.Select(x => x.Unit)))
                return LedgerRefusals.NotTheGiver;
            if ((await ledger.TopUpAsync(owner, command.Reference, amounts, command.End, cancellationToken)).Refused(out var refusal, out var added))
                return refusal;
            await db.SaveChangesAsync(cancellationToken);
            var lots = await db.LedgerEntries.AsNoTracking().Where(x => x.TransactionId == added.Id && x.LotId != null)
                .Join(db.CreditLots, x => x.LotId, x => x.Id, (entry, lot) => new { lot.Id, entry.Unit, entry.Amount, lot.ExpiresAt, entry.Position })
                .OrderBy(x => x.Position).ToListAsync(cancellationToken);
            var balances = await ledger.AvailableAsync(owner.Id, cancellationToken);
            return new TopUpView(
                added.Id, owner.Id, added.Kind.ToString(), added.Reference,
                [.. lots.Select(x => CreditAmountView.Of(new(x.Unit, x.Amount))).OrderBy(x => x.Unit, StringComparer.Ordinal)], added.CreatedAt,
                [.. lots.Select(x => new CreditLotView(x.Id, x.Unit, CreditAmountView.Text(x.Unit, x.Amount), x.ExpiresAt))],
                [.. balances.Where(x => lots.Exists(l => l.Unit == x.Unit)).Select(CreditAmountView.Of)]);
        }
    }

    /// <param name="Lots">What was added, and when it ends.</param>
    /// <param name="Balances">What can be spent now of each unit that was added to.</param>
    public sealed record TopUpView(
        Guid Id, OrganizationId OrganizationId, string Kind, string Reference, IReadOnlyList<CreditAmountView> Amounts, DateTimeOffset CreatedAt,
        IReadOnlyList<CreditLotView> Lots, IReadOnlyList<CreditAmountView> Balances);

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPost("/top-ups", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/credit/movements?organizationId={x.OrganizationId.Value}", ct))
        .Slice<Command, TopUpView>(nameof(TopUpCredit), "Adds prepaid credit to an account, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new
        {
            organizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            reference = "payment 4711",
            amount = new { amount = "50.00", currency = "EUR" },
            points = "10",
        }));
}

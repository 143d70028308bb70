using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>Adds prepaid credit to a partner. A reference is added once, however often it is sent.</summary>
internal static class TopUpCredit
{
    private const int LongestReference = 200;

    /// <param name="OrganizationId">A partner.</param>
    /// <param name="Reference">Of the payment; unique for the partner.</param>
    /// <param name="Amount">Money to be spent.</param>
    /// <param name="Points">Points to be spent.</param>
    /// <param name="ExpiresAt">What is left then is lost; null: never.</param>
    [Needs(BillingPermissions.CreditTopUp)]
    public sealed record Command(
        OrganizationId OrganizationId, string Reference, Money? Amount = null, decimal? Points = null, DateTimeOffset? ExpiresAt = null)
        : ICommand<MovementView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator(TimeProvider clock)
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(LongestReference);
            RuleFor(x => x.Amount).NotNull().When(x => x.Points is null).WithErrorCode("nothing_to_add").WithMessage("Give amount, points or both.");
            RuleFor(x => x.Amount).Must(CreditRules.IsAmount).WithErrorCode("not_an_amount").WithMessage(CreditRules.AmountRule);
            RuleFor(x => x.Points).Must(CreditRules.IsPoints).WithErrorCode("not_an_amount").WithMessage(CreditRules.PointsRule);
            RuleFor(x => x.ExpiresAt).Must(at => at is null || at > clock.GetUtcNow()).WithErrorCode("too_early")
                .WithMessage("expiresAt must lie ahead.");
        }
    }

    internal sealed class Handler(BillingDb db, CreditLedger ledger, IOrganizationDirectory organizations, Principal principal)
        : ICommandHandler<Command, MovementView>
    {
        public async Task<Result<MovementView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var held = await organizations.HoldAsync([command.OrganizationId], cancellationToken);
            if (!held.TryGetValue(command.OrganizationId, out var partner) || partner.Kind is not OrganizationKind.Partner
                || !principal.Scope.Contains(partner.Path))
                return LedgerRefusals.NotAPartner(command.OrganizationId.Value);
            var amounts = new List<CreditAmount>();
            if (command.Amount is { } money)
                amounts.Add(new(money.Currency.Code, money.Amount));
            if (command.Points is { } points)
                amounts.Add(new(CreditAmount.Points, points));
            if ((await ledger.TopUpAsync(partner, command.Reference, amounts, command.ExpiresAt, cancellationToken))
                .Refused(out var refusal, out var added))
                return refusal;
            await db.SaveChangesAsync(cancellationToken);
            return MovementView.Of(partner.Id, CreditLedger.MovementOf(added, (await ledger.AmountsAsync([added.Id], cancellationToken))[added.Id]));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPost("/top-ups", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/credit/movements?organizationId={x.OrganizationId.Value}", ct))
        .Slice<Command, MovementView>(nameof(TopUpCredit), "Adds prepaid credit to a partner, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new
        {
            organizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            reference = "payment 4711",
            amount = new { amount = "50.00", currency = "EUR" },
            points = "10",
        }));
}

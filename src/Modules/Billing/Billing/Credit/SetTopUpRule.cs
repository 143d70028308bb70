using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>
/// Says what is added to an account by itself when less can be spent than so much, and how often and how much in a calendar month at most. Who
/// may top it up by hand may say so.
/// </summary>
internal static class SetTopUpRule
{
    /// <param name="OrganizationId">Whose account.</param>
    /// <param name="Unit">A currency, <c>points</c> or <c>credits</c>.</param>
    /// <param name="Below">When less than this can be spent, in whole units,</param>
    /// <param name="Amount">this is added; again as long as it is still less.</param>
    /// <param name="TimesPerMonth">How often at most.</param>
    /// <param name="AmountPerMonth">How much at most; null: as often as allowed.</param>
    /// <param name="ExpiryMonths">How long each lasts; null: for ever, credits for twelve months.</param>
    /// <param name="Active">Whether it is done.</param>
    [Needs(BillingPermissions.CreditTopUp)]
    public sealed record Command(
        OrganizationId OrganizationId, string Unit, decimal Below, decimal Amount, int TimesPerMonth, decimal? AmountPerMonth = null,
        int? ExpiryMonths = null, bool Active = true) : ICommand<TopUpRuleView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Unit).Must(CreditUnits.IsUnit).WithErrorCode("not_a_unit").WithMessage(CreditRules.UnitRule);
            When(x => CreditUnits.IsUnit(x.Unit), () =>
            {
                RuleFor(x => x.Below).Must((x, v) => CreditUnits.IsAmountOf(x.Unit, v)).WithErrorCode("not_an_amount").WithMessage(RuleOf("below"));
                RuleFor(x => x.Amount).Must((x, v) => CreditUnits.IsAmountOf(x.Unit, v)).WithErrorCode("not_an_amount")
                    .WithMessage(RuleOf("amount"));
                RuleFor(x => x.AmountPerMonth).Must((x, v) => v is not { } most || CreditUnits.IsAmountOf(x.Unit, most))
                    .WithErrorCode("not_an_amount").WithMessage(RuleOf("amountPerMonth"));
            });
            RuleFor(x => x.TimesPerMonth).InclusiveBetween(1, TopUpRule.MostTimes).WithErrorCode("out_of_range");
            RuleFor(x => x.AmountPerMonth).Must((x, most) => most is null || most >= x.Amount).WithErrorCode("maximum_below_minimum")
                .WithMessage("amountPerMonth must be at least amount.");
            RuleFor(x => x.ExpiryMonths).InclusiveBetween(1, CreditEnd.MostMonths).WithErrorCode("out_of_range");
        }

        private static string RuleOf(string field) => $"{field} must be above 0, at most {CreditUnits.Most}, and no finer than its unit.";
    }

    internal sealed class Handler(BillingDb db, HeldAccounts accounts, CreditWatch watch, Precondition precondition, TimeProvider clock)
        : ICommandHandler<Command, TopUpRuleView>
    {
        public async Task<Result<TopUpRuleView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await accounts.HoldAsync(command.OrganizationId, command.Unit, toGive: true, cancellationToken))
                .Refused(out var refusal, out var account))
                return refusal;
            var rule = await db.TopUpRules.SingleOrDefaultAsync(x => x.AccountId == account.Id, cancellationToken);
            if (precondition.Fails(rule))
                return Precondition.Failed;
            if (rule is null)
                db.Add(rule = TopUpRule.Of(account.Id, account.Owner, command.Unit, clock.GetUtcNow()));
            rule.Change(
                command.Below, command.Amount, command.TimesPerMonth, command.AmountPerMonth, command.ExpiryMonths, command.Active);
            await db.SaveChangesAsync(cancellationToken);
            // Also where it waits for the next month: what it may by now is another matter.
            await watch.LookAgainAsync(account.Id, cancellationToken);
            return TopUpRuleView.Of(rule);
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPut("/top-up-rules", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, TopUpRuleView>(nameof(SetTopUpRule), "Sets what is added to an account by itself when its credit is low")
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new
        {
            organizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            unit = "EUR",
            below = "50.00",
            amount = "200.00",
            timesPerMonth = 3,
            amountPerMonth = "600.00",
        }));
}

internal sealed record TopUpRuleView(
    Guid Id, OrganizationId OrganizationId, string Unit, string Below, string Amount, int TimesPerMonth, string? AmountPerMonth, int? ExpiryMonths,
    bool Active, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static TopUpRuleView Of(TopUpRule x) => new(
        x.Id, x.OwnerId, x.Unit, CreditAmountView.Text(x.Unit, x.Below), CreditAmountView.Text(x.Unit, x.Amount), x.TimesPerMonth,
        x.AmountPerMonth is { } most ? CreditAmountView.Text(x.Unit, most) : null, x.ExpiryMonths, x.Active, x.CreatedAt, x.Version);
}

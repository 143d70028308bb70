using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>Says below which balance of an account somebody is told. What is below already is told at once.</summary>
internal static class SetCreditThreshold
{
    /// <param name="OrganizationId">Whose account.</param>
    /// <param name="Unit">A currency, <c>points</c> or <c>credits</c>.</param>
    /// <param name="Amount">In whole units.</param>
    [Needs(BillingPermissions.CreditWatch)]
    public sealed record Command(OrganizationId OrganizationId, string Unit, decimal Amount) : ICommand<CreditThresholdView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Unit).Must(CreditUnits.IsUnit).WithErrorCode("not_a_unit").WithMessage(CreditRules.UnitRule);
            RuleFor(x => x.Amount).Must((x, amount) => CreditUnits.IsAmountOf(x.Unit, amount)).When(x => CreditUnits.IsUnit(x.Unit))
                .WithErrorCode("not_an_amount").WithMessage($"amount must be above 0, at most {CreditUnits.Most}, and no finer than its unit.");
        }
    }

    internal sealed class Handler(BillingDb db, HeldAccounts accounts, CreditWatch watch, Precondition precondition, TimeProvider clock)
        : ICommandHandler<Command, CreditThresholdView>
    {
        public async Task<Result<CreditThresholdView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await accounts.HoldAsync(command.OrganizationId, command.Unit, toGive: false, cancellationToken))
                .Refused(out var refusal, out var account))
                return refusal;
            var threshold = await db.CreditThresholds.SingleOrDefaultAsync(x => x.AccountId == account.Id, cancellationToken);
            if (precondition.Fails(threshold))
                return Precondition.Failed;
            if (threshold is null)
                db.Add(threshold = CreditThreshold.Of(account.Id, account.Owner, command.Unit, command.Amount, clock.GetUtcNow()));
            threshold.Change(command.Amount);
            await db.SaveChangesAsync(cancellationToken);
            await watch.LookAsync(account.Id, cancellationToken);
            return CreditThresholdView.Of(threshold);
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPut("/thresholds", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, CreditThresholdView>(nameof(SetCreditThreshold), "Sets below which balance of an account it is told that credit is low")
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new { organizationId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01", unit = "EUR", amount = "50.00" }));
}

internal sealed record CreditThresholdView(
    Guid Id, OrganizationId OrganizationId, string Unit, string Amount, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static CreditThresholdView Of(CreditThreshold x) =>
        new(x.Id, x.OwnerId, x.Unit, CreditAmountView.Text(x.Unit, x.Amount), x.CreatedAt, x.Version);
}

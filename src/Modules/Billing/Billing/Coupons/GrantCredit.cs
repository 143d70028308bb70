using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Coupons;

/// <summary>Gives a tenant money or units that its next bills take off. A reference is granted once, however often it is sent.</summary>
internal static class GrantCredit
{
    private const decimal MostAmount = 1_000_000_000_000m;
    // With 18 digits after the point it still fits a decimal.
    private const decimal MostUnits = 1_000_000_000m;

    public static readonly string AmountRule =
        $"amount must be above 0, at most {MostAmount}, and have no more digits than the currency's minor unit.";

    /// <param name="TenantId">Who gets it.</param>
    /// <param name="Reference">What it is for; unique for the tenant.</param>
    /// <param name="Name">For people.</param>
    /// <param name="Amount">In the tenant's currency; or <paramref name="Quantity"/>.</param>
    /// <param name="Quantity">Units of <paramref name="Meter"/>: they take as much of a line as they are of its quantity.</param>
    /// <param name="Meter">Of the units.</param>
    /// <param name="Sku">Only usage of this SKU; null: any.</param>
    /// <param name="SubscriptionId">Only for this one; null: all of the tenant's.</param>
    /// <param name="ValidFrom">Its first day; today when left out. It is for the bills of periods in which it has a day.</param>
    /// <param name="ValidUntil">The first day without it; null: no end.</param>
    [Needs(BillingPermissions.CreditsGrant)]
    public sealed record Command(
        OrganizationId TenantId, string Reference, string Name, Money? Amount = null, decimal? Quantity = null, string? Meter = null,
        string? Sku = null, SubscriptionId? SubscriptionId = null, DateOnly? ValidFrom = null, DateOnly? ValidUntil = null)
        : ICommand<GrantedCreditView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(CreateCoupon.LongestName);
            RuleFor(x => x.Name).NotEmpty().MaximumLength(CreateCoupon.LongestName);
            RuleFor(x => x.Amount).Must((x, _) => x.Amount is null != x.Quantity is null)
                .WithErrorCode("amount_or_quantity").WithMessage("A credit is either an amount or a quantity.");
            RuleFor(x => x.Amount).Must(IsAmount).WithErrorCode("not_an_amount").WithMessage(AmountRule);
            RuleFor(x => x.Quantity).Must(x => x is null or (> 0 and <= MostUnits) && (x is not { } units || Math.Round(units, 18) == units))
                .WithErrorCode("out_of_range").WithMessage($"quantity must be above 0 and at most {MostUnits}.");
            RuleFor(x => x.Meter).Must((x, meter) => meter is null == x.Quantity is null)
                .WithErrorCode("required").WithMessage("A quantity is of a meter, and an amount of none.");
            RuleFor(x => x.Sku).Must((x, sku) => sku is null || x.Meter is not null)
                .WithErrorCode("required").WithMessage("A SKU is of a quantity.");
            RuleFor(x => x.ValidUntil).Must((x, until) => until is null || x.ValidFrom is null || until > x.ValidFrom)
                .WithErrorCode("not_after_start").WithMessage("validUntil must be after validFrom.");
        }
    }

    internal static bool IsAmount(Money? amount) => amount is not { } money || (money.Amount is > 0 and <= MostAmount && money.Round() == money);

    internal sealed class Handler(BillingDb db, ReductionOwners owners, ICatalog catalog, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, GrantedCreditView>
    {
        public async Task<Result<GrantedCreditView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await owners.OwnerAsync(command.TenantId, command.SubscriptionId, cancellationToken)).Refused(out var refusal, out var tenant))
                return refusal;
            if (command.Amount is { } amount && amount.Currency != tenant.Currency)
                return CouponRefusals.CurrencyMismatch(amount.Currency, tenant.Currency);
            if (command.Meter is { } meter && !(await catalog.MetersAsync(cancellationToken)).ContainsKey(meter))
                return CouponRefusals.UnknownMeter(meter);

            var now = clock.GetUtcNow();
            var from = command.ValidFrom ?? calendar.DayOf(now);
            if (command.ValidUntil <= from)
                return Refusal.AllFields([new("/validUntil", "not_after_start", "validUntil must be after validFrom.")]);
            var credit = new GrantedCredit
            {
                Id = Id.NewGuid(now),
                TenantId = tenant.Id,
                OwnerPath = tenant.Path,
                SubscriptionId = command.SubscriptionId,
                Reference = command.Reference,
                Name = command.Name,
                Amount = command.Amount?.Amount,
                Currency = command.Amount?.Currency,
                Quantity = command.Quantity,
                Meter = command.Meter,
                Sku = command.Sku,
                ValidFrom = from,
                ValidUntil = command.ValidUntil,
                Remaining = command.Amount?.Amount ?? command.Quantity!.Value,
                CreatedAt = now,
            };
            db.Add(credit);
            await db.SaveChangesAsync(cancellationToken);
            return GrantedCreditView.Of(credit);
        }
    }

    public static void Map(RouteGroupBuilder credits) => credits
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/billing/credits?tenantId={x.TenantId.Value}", ct))
        .Slice<Command, GrantedCreditView>(nameof(GrantCredit), "Grants a tenant a credit, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new
        {
            tenantId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
            reference = "outage 4711",
            name = "Outage of May",
            amount = new { amount = "50.00", currency = "EUR" },
        }));
}

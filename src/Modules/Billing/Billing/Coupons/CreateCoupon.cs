using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Coupons;

/// <summary>Makes a coupon: a percentage or an amount off the bills of some months. It never changes; one that should end has an end.</summary>
internal static class CreateCoupon
{
    private const int MostPeriods = 120;
    private const int MostKeys = 200;
    internal const int LongestName = 200;

    /// <param name="Code">Unique.</param>
    /// <param name="Name">For people.</param>
    /// <param name="Percent">Above 0, up to 100; or <paramref name="Amount"/>.</param>
    /// <param name="Amount">Off each bill; converted where the tenant is billed in another currency.</param>
    /// <param name="ValidFrom">First day on which it can be redeemed.</param>
    /// <param name="ValidUntil">First day on which it no longer can; null: no end.</param>
    /// <param name="Periods">For how many months from its redemption it is taken off; null: for all.</param>
    /// <param name="Plans">Keys of the plans whose charges it is for; none: any.</param>
    /// <param name="Charges">Keys of the plans' charges that it is for; none: any, also usage by price lists and true-ups.</param>
    [Needs(BillingPermissions.CouponsManage)]
    public sealed record Command(
        string Code, string Name, DateOnly ValidFrom, decimal? Percent = null, Money? Amount = null, DateOnly? ValidUntil = null, int? Periods = null,
        IReadOnlyList<string>? Plans = null, IReadOnlyList<string>? Charges = null) : ICommand<CouponView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Code).Matches(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z").WithErrorCode("invalid_code")
                .WithMessage("code must be 1 to 63 letters, digits, '.', '_' and '-', and begin with a letter or digit.");
            RuleFor(x => x.Name).NotEmpty().MaximumLength(LongestName);
            RuleFor(x => x.Percent).Must((x, _) => x.Percent is null != x.Amount is null)
                .WithErrorCode("coupon_percent_or_amount").WithMessage("A coupon is either a percent or an amount.");
            RuleFor(x => x.Percent).Must(x => x is null or > 0 and <= 100)
                .WithErrorCode("not_a_percentage").WithMessage("percent must be above 0 and at most 100.");
            RuleFor(x => x.Amount).Must(GrantCredit.IsAmount).WithErrorCode("not_an_amount").WithMessage(GrantCredit.AmountRule);
            RuleFor(x => x.ValidUntil).Must((x, until) => until is null || until > x.ValidFrom)
                .WithErrorCode("not_after_start").WithMessage("validUntil must be after validFrom.");
            RuleFor(x => x.Periods).Must(x => x is null or (>= 1 and <= MostPeriods))
                .WithErrorCode("out_of_range").WithMessage($"periods must be 1 to {MostPeriods}.");
            RuleFor(x => x.Plans).Must(IsKeys).WithErrorCode("out_of_range").WithMessage($"plans must be up to {MostKeys} keys.");
            RuleFor(x => x.Charges).Must(IsKeys).WithErrorCode("out_of_range").WithMessage($"charges must be up to {MostKeys} keys.");
        }

        private static bool IsKeys(IReadOnlyList<string>? keys) =>
            keys is null || (keys.Count <= MostKeys && keys.All(key => key.Length is > 0 and < 64));
    }

    internal sealed class Handler(BillingDb db, TimeProvider clock) : ICommandHandler<Command, CouponView>
    {
        public async Task<Result<CouponView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var coupon = new CouponOffer
            {
                Id = Id.NewGuid(now),
                Code = command.Code,
                Name = command.Name,
                Percent = command.Percent,
                Amount = command.Amount?.Amount,
                Currency = command.Amount?.Currency,
                ValidFrom = command.ValidFrom,
                ValidUntil = command.ValidUntil,
                Periods = command.Periods,
                Plans = command.Plans ?? [],
                Charges = command.Charges ?? [],
                CreatedAt = now,
            };
            db.Add(coupon);
            await db.SaveChangesAsync(cancellationToken);
            return CouponView.Of(coupon);
        }
    }

    public static void Map(RouteGroupBuilder coupons) => coupons
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/billing/coupons/{x.Id}", ct))
        .Slice<Command, CouponView>(nameof(CreateCoupon), "Makes a coupon", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new { code = "SPRING", name = "Spring", validFrom = "2026-03-01", percent = "10", periods = 3 }));
}

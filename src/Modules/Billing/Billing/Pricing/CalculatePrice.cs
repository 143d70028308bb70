using FluentValidation;
using Licensing.Billing.Rating;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Pricing;

/// <summary>Shows what something would cost, by the very functions that bill. Stateless: a query, though it comes as POST.</summary>
internal static class CalculatePrice
{
    private const int MostCharges = 1_000;
    private const int MostCoupons = 20;
    private const int MostTaxes = 50;

    [AnyCaller]
    public sealed record Query(Currency Currency, Period Period, IReadOnlyList<ChargeSpec> Charges) : IQuery<PriceView>
    {
        public Period? Active { get; init; }
        public Exact? Minimum { get; init; }
        public Exact? Cap { get; init; }
        public IReadOnlyList<CouponSpec>? Coupons { get; init; }
        public IReadOnlyList<TaxSpec>? Taxes { get; init; }
    }

    public sealed record CouponSpec
    {
        public Exact? Percent { get; init; }
        public Exact? Amount { get; init; }
    }

    public sealed record TaxSpec(string Category, Exact Percent);

    public sealed record PriceView(
        string Currency, IReadOnlyList<LineView> Lines, string TrueUp, string Discount, string Net, string Tax, string Total);

    public sealed record LineView(string Name, string Quantity, string Net, string Tax, IReadOnlyList<StepView> Steps);

    public sealed record StepView(string From, string? To, string Quantity, string UnitPrice, string FlatFee, string Amount);

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator()
        {
            RuleFor(x => x.Charges).Must(x => x.Count is >= 1 and <= MostCharges)
                .WithErrorCode("out_of_range").WithMessage($"charges must have 1 to {MostCharges} items.");
            RuleFor(x => x.Coupons).Must(x => x is null || x.Count <= MostCoupons)
                .WithErrorCode("out_of_range").WithMessage($"coupons must have at most {MostCoupons} items.");
            RuleFor(x => x.Taxes).Must(x => x is null || x.Count <= MostTaxes)
                .WithErrorCode("out_of_range").WithMessage($"taxes must have at most {MostTaxes} items.");
        }
    }

    internal sealed class Handler : IQueryHandler<Query, PriceView>
    {
        public Task<Result<PriceView>> Handle(Query query, CancellationToken cancellationToken) => Task.FromResult(Calculate(query));

        private static Result<PriceView> Calculate(Query query)
        {
            var items = new List<RatingItem>(query.Charges.Count);
            var errors = new List<FieldError>();
            for (var i = 0; i < query.Charges.Count; i++)
            {
                if (query.Charges[i].ToItem().Refused(out var refused, out var item))
                    errors.AddRange(refused.Fields.Under($"/charges/{i}"));
                else
                    items.Add(item);
            }

            if (errors.Count > 0)
                return Refusal.AllFields(errors);

            var request = new RatingRequest(query.Currency, query.Period, items)
            {
                Active = query.Active,
                Minimum = query.Minimum,
                Cap = query.Cap,
                Coupons = [.. (query.Coupons ?? []).Select(coupon => new Coupon(coupon.Percent, coupon.Amount))],
                Taxes = query.Taxes?.Select(tax => new TaxRate(tax.Category, tax.Percent)).ToList(),
            };
            return Rater.Rate(request).Refused(out var refusal, out var bill) ? refusal : View(bill);
        }

        private static PriceView View(RatedBill bill) => new(
            bill.Currency.Code,
            [.. bill.Lines.Select(line => new LineView(
                line.Name, line.Quantity.ToString(), line.Net.ToAmountString(), line.Tax.ToAmountString(),
                [.. line.Steps.Select(step => new StepView(
                    step.From.ToString(), step.To?.ToString(), step.Quantity.ToString(), step.UnitPrice.ToString(), step.FlatFee.ToString(),
                    step.Amount.ToString()))]))],
            bill.TrueUp.ToAmountString(), bill.Discount.ToAmountString(), bill.Net.ToAmountString(), bill.Tax.ToAmountString(),
            bill.Total.ToAmountString());
    }

    public static void Map(IEndpointRouteBuilder pricing) => pricing
        .MapPost("/calculate", (Query body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Query, PriceView>(nameof(CalculatePrice), "Calculates a price");
}

using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

/// <summary>Sets the rate of a category in a country from a day on. Invoices that exist keep the rate they used.</summary>
internal static class SetTaxRate
{
    [Needs(BillingPermissions.TaxRatesManage)]
    public sealed record Command(string Country, string Category, decimal Percent, DateOnly ValidFrom) : ICommand<TaxRateView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Country).Matches(@"^[A-Z]{2}\z").WithErrorCode("not_a_country")
                .WithMessage("country must be an ISO 3166-1 alpha-2 code, such as AT.");
            RuleFor(x => x.Category).Matches(@"^[A-Z0-9]{1,10}\z").WithErrorCode("not_a_tax_category")
                .WithMessage("category must be 1 to 10 capital letters or digits, such as S.");
            RuleFor(x => x.Percent).InclusiveBetween(0m, 100m).WithErrorCode("not_a_percentage").WithMessage("percent must be between 0 and 100.");
        }
    }

    internal sealed class Handler(BillingDb db, Precondition precondition, TimeProvider clock) : ICommandHandler<Command, TaxRateView>
    {
        public async Task<Result<TaxRateView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var rate = await db.TaxRates.SingleOrDefaultAsync(
                x => x.Country == command.Country && x.Category == command.Category && x.ValidFrom == command.ValidFrom, cancellationToken);
            if (precondition.Fails(rate))
                return Precondition.Failed;
            if (rate is null)
            {
                rate = new CountryTaxRate
                {
                    Id = Id.NewGuid(clock.GetUtcNow()),
                    Country = command.Country,
                    Category = command.Category,
                    ValidFrom = command.ValidFrom,
                    CreatedAt = clock.GetUtcNow(),
                };
                db.Add(rate);
            }

            rate.Percent = command.Percent;
            await db.SaveChangesAsync(cancellationToken);
            return new TaxRateView(rate.Country, rate.Category, rate.Percent, rate.ValidFrom, rate.Version);
        }
    }

    public static void Map(IEndpointRouteBuilder rates) => rates
        .MapPut("/", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, TaxRateView>(nameof(SetTaxRate), "Sets a tax rate from a day on")
        .WithMetadata(new TakesIfMatch());
}

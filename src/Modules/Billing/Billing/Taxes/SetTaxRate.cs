using FluentValidation;
using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

/// <summary>
/// Sets the rate of a category from a day on: in a country, for an organisation and all tenants below it, or for those of them in a country.
/// Invoices that exist keep the rate they used.
/// </summary>
internal static class SetTaxRate
{
    private const int LongestReason = 200;

    /// <param name="Category">Of the price.</param>
    /// <param name="Country">Of the tenants; left out: of any, where an organisation is named.</param>
    /// <param name="OrganizationId">Itself or all tenants below it; left out: everyone.</param>
    /// <param name="ValidUntil">The first day without it: then what is less specific applies, or what began before.</param>
    /// <param name="ChargedAs">The category on the invoice; left out: that of the price.</param>
    /// <param name="ExemptionCode">Why nothing is taxed: of the list VATEX; only of <c>E</c>, the others have their own.</param>
    /// <param name="ExemptionReason">The same in words.</param>
    [Needs(BillingPermissions.TaxRatesManage)]
    public sealed record Command(
        string Category, decimal Percent, DateOnly ValidFrom, string? Country = null, OrganizationId? OrganizationId = null,
        DateOnly? ValidUntil = null, string? ChargedAs = null, string? ExemptionCode = null, string? ExemptionReason = null)
        : ICommand<TaxRateView>
    {
        internal string As => ChargedAs ?? Category;
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Country).NotNull().When(x => x.OrganizationId is null)
                .WithErrorCode("required").WithMessage("A rate is of a country, of an organization or of both.");
            RuleFor(x => x.Country).Matches(@"^[A-Z]{2}\z").WithErrorCode("not_a_country")
                .WithMessage("country must be an ISO 3166-1 alpha-2 code, such as AT.");
            RuleFor(x => x.Category).Matches(@"^[A-Z0-9]{1,10}\z").WithErrorCode("not_a_tax_category")
                .WithMessage("category must be 1 to 10 capital letters or digits, such as S.");
            RuleFor(x => x.Percent).InclusiveBetween(0m, 100m).WithErrorCode("not_a_percentage").WithMessage("percent must be between 0 and 100.");
            RuleFor(x => x.Percent).Equal(0m).When(x => x.ChargedAs is not null && TaxCategories.Untaxed.Contains(x.ChargedAs))
                .WithErrorCode("not_zero").WithMessage("percent must be 0 of what is charged as AE, E, G, K, O or Z.");
            RuleFor(x => x.ValidUntil).Must((x, until) => until is null || until > x.ValidFrom)
                .WithErrorCode("not_after_start").WithMessage("validUntil must be after validFrom.");
            RuleFor(x => x.ChargedAs).Matches(@"^[A-Z0-9]{1,10}\z").WithErrorCode("not_a_tax_category")
                .WithMessage("chargedAs must be 1 to 10 capital letters or digits, such as AE.");
            RuleFor(x => x.ExemptionCode).Must((x, code) => code is null || (x.As == "E" && x.Percent == 0 && TaxCategories.IsExemptionCode(code)))
                .WithErrorCode("not_an_exemption").WithMessage("exemptionCode is of the list VATEX, and of what is charged as E with 0 %.");
            RuleFor(x => x.ExemptionReason).Must((x, reason) => reason is null || (TaxCategories.Exempt.Contains(x.As) && x.Percent == 0))
                .WithErrorCode("not_an_exemption").WithMessage("exemptionReason is of what is charged as AE, E, G, K or O with 0 %.");
            RuleFor(x => x.ExemptionReason).NotEmpty().MaximumLength(LongestReason).When(x => x.ExemptionReason is not null);
        }
    }

    internal sealed class Handler(
        BillingDb db, IOrganizationDirectory organizations, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, TaxRateView>
    {
        public async Task<Result<TaxRateView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await OrganizationAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var of))
                return refusal;
            var rate = await db.TaxRates.SingleOrDefaultAsync(
                x => x.OrganizationId == command.OrganizationId && x.Country == command.Country && x.Category == command.Category
                    && x.ValidFrom == command.ValidFrom, cancellationToken);
            if (precondition.Fails(rate))
                return Precondition.Failed;
            if (rate is null)
            {
                rate = new CountryTaxRate
                {
                    Id = Id.NewGuid(clock.GetUtcNow()),
                    OrganizationId = command.OrganizationId,
                    OrganizationKind = of.Organization?.Kind,
                    Country = command.Country,
                    Category = command.Category,
                    ValidFrom = command.ValidFrom,
                    CreatedAt = clock.GetUtcNow(),
                };
                db.Add(rate);
            }

            rate.OwnerPath = of.Organization?.Path;
            rate.Percent = command.Percent;
            rate.ValidUntil = command.ValidUntil;
            rate.ChargedAs = command.ChargedAs;
            rate.ExemptionCode = command.ExemptionCode;
            rate.ExemptionReason = command.ExemptionReason;
            await db.SaveChangesAsync(cancellationToken);
            return TaxRateView.Of(rate);
        }

        private async Task<Result<RateHolder>> OrganizationAsync(OrganizationId? id, CancellationToken ct)
        {
            if (id is not { } named)
                return principal.Scope.Contains((await organizations.PlatformAsync(ct)).Path) ? new RateHolder(null) : TaxRefusals.NotEveryones;
            var held = await organizations.HoldAsync([named], ct);
            return held.TryGetValue(named, out var found) && principal.Scope.Contains(found.Path)
                ? new RateHolder(found)
                : InvoiceRefusals.OrganizationNotFound(named.Value);
        }

        private sealed record RateHolder(OrganizationRef? Organization);
    }

    public static void Map(IEndpointRouteBuilder rates) => rates
        .MapPut("/", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, TaxRateView>(nameof(SetTaxRate), "Sets a tax rate of a country or an organization from a day on")
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new { country = "DE", category = "S", percent = "19", validFrom = "2026-01-01" }));
}

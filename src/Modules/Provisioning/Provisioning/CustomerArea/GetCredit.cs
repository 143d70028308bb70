using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>What the key's owner can spend, and what was done with his credit lately.</summary>
internal static class GetCredit
{
    [Needs(ProvisioningPermissions.CreditRead)]
    public sealed record Query(Currency Currency, PageStart Start) : IQuery<CreditStatement>;

    /// <summary>Balances, and a page of movements.</summary>
    public sealed record CreditStatement(decimal Balance, decimal Points, Page<CreditMovement> Movements);

    /// <summary>Credit in one currency.</summary>
    public sealed record AreaCredit(decimal Balance, string Currency, decimal Points, IReadOnlyList<AreaMovement> Movements);

    /// <summary>What was done with the credit; negative amounts were spent.</summary>
    public sealed record AreaMovement(Guid Id, string Kind, string Reference, decimal Amount, decimal Points, DateTimeOffset CreatedAt);

    internal sealed class Handler(IPrepaidCredit credit, Principal principal) : IQueryHandler<Query, CreditStatement>
    {
        public async Task<Result<CreditStatement>> Handle(Query query, CancellationToken cancellationToken)
        {
            var owner = new OrganizationId(principal.Access.OrganizationId);
            if ((await credit.MovementsAsync(owner, [query.Currency.Code, CreditAmount.Points], query.Start, cancellationToken))
                .Refused(out var refusal, out var movements))
                return refusal;
            var available = await credit.AvailableAsync(owner, cancellationToken);
            return new CreditStatement(Of(available, query.Currency.Code), Of(available, CreditAmount.Points), movements);
        }
    }

    /// <summary>Credit in which currency, and which page of its movements.</summary>
    /// <param name="CurrencyCode">ISO 4217; EUR where it is not said.</param>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    /// <param name="Limit">Items on a page; 200 where it is not said.</param>
    /// <param name="After">What the page before gave as <c>next</c>.</param>
    public sealed record Asked(Currency? CurrencyCode = null, [Language] string Lang = "EN", int? Limit = null, [Cursor] string? After = null)
        : IAskPage;

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Asked, Query, AreaCredit>("/credit", nameof(GetCredit), "Shows the prepaid credit, points and last movements",
            async (asked, sender, ct) =>
            {
                var currency = asked.CurrencyCode ?? Area.Currency;
                return (await sender.Send(new Query(currency, asked.Start), ct)).As(
                    x => new AreaCredit(x.Balance, currency.Code, x.Points,
                        [.. x.Movements.Items.Select(m =>
                            new AreaMovement(m.Id, m.Kind, m.Reference, Of(m.Amounts, currency.Code), Of(m.Amounts, CreditAmount.Points), m.At))]),
                    x => x.Movements.Next);
            });

    private static decimal Of(IEnumerable<CreditAmount> amounts, string unit) => amounts.Where(x => x.Unit == unit).Sum(x => x.Amount);
}

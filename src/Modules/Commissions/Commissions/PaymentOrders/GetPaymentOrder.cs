using System.Globalization;
using Licensing.Commissions.BankAccounts;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.PaymentOrders;

/// <summary>One payment order; the file for the bank as CSV, or as a SEPA credit transfer (pain.001) with <c>Accept: application/xml</c>.</summary>
internal static class GetPaymentOrder
{
    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Query(PaymentOrderId Id) : IQuery<PaymentOrderView>;

    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record FileQuery(PaymentOrderId Id) : IQuery<OrderFile>;

    /// <summary>All that its files are made of.</summary>
    public sealed record OrderFile(PaymentOrder Order, IReadOnlyList<PaymentOrderLine> Lines);

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, PaymentOrderView>, IQueryHandler<FileQuery, OrderFile>
    {
        public async Task<Result<PaymentOrderView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.PaymentOrders.Within(principal.Scope).Where(x => x.Id == query.Id).Select(PaymentOrderView.Projection)
                .SingleOrDefaultAsync(cancellationToken) is { } view
                ? view
                : PaymentOrderRefusals.NotFound(query.Id);

        public async Task<Result<OrderFile>> Handle(FileQuery query, CancellationToken cancellationToken) =>
            await db.PaymentOrders.AsNoTracking().Within(principal.Scope).Include(x => x.Withdrawal)
                .SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is not { } order ? PaymentOrderRefusals.NotFound(query.Id)
            // Its payouts are in another order by now, and no bank could tell that they are the same.
            : order.Withdrawal is not null ? PaymentOrderRefusals.Withdrawn(query.Id)
            : new OrderFile(
                order,
                await db.PaymentOrderLines.AsNoTracking().Where(x => x.OrderId == order.Id).OrderBy(x => x.Position)
                    .ToListAsync(cancellationToken));
    }

    public static void Map(IEndpointRouteBuilder orders) => orders
        .MapGet("/{id:guid}", async Task<IResult> (Guid id, HttpRequest request, ISender sender, CancellationToken ct) =>
        {
            var (order, wanted) = (new PaymentOrderId(id), Wanted(request));
            if (wanted is "application/json")
                return await sender.Ok(new Query(order), ct);
            if ((await sender.Send(new FileQuery(order), ct)).Refused(out var refusal, out var file))
                return new RefusedResult(refusal);
            if (wanted is "text/csv")
                return new CsvResult<PaymentOrderLine>(file.Lines.ToAsyncEnumerable(), $"payment-order-{id}.csv", Columns(file.Order));
            if (file.Order.Currency.Code != "EUR")
                return new RefusedResult(PaymentOrderRefusals.NotEuro(file.Order.Currency));
            List<int> outside = [.. file.Lines.Where(x => !Iban.IsInSepa(x.Iban)).Select(x => x.Position)];
            return outside.Count > 0 || !Iban.IsInSepa(file.Order.Iban)
                ? new RefusedResult(PaymentOrderRefusals.NotInSepa(outside, payer: outside.Count == 0))
                : Results.File(SepaTransfer.Of(file.Order, file.Lines), "application/xml", $"payment-order-{id}.xml");
        })
        .Slice<Query, PaymentOrderView>(
            nameof(GetPaymentOrder), "Shows a payment order; the bank's file as text/csv, or as application/xml (pain.001)");

    private static string Wanted(HttpRequest request) => (request.GetTypedHeaders().Accept ?? [])
        .Where(x => x.Quality is null or > 0).OrderByDescending(x => x.Quality ?? 1)
        .Select(x => x.MediaType.Value!.ToLowerInvariant() switch
        {
            "text/csv" => "text/csv",
            "application/xml" or "text/xml" => "application/xml",
            "application/json" or "*/*" => "application/json",
            _ => null,
        })
        .FirstOrDefault(x => x is not null) ?? "application/json";

    private static IReadOnlyList<(string Name, Func<PaymentOrderLine, string?> Cell)> Columns(PaymentOrder order) =>
    [
        ("position", x => x.Position.ToString(CultureInfo.InvariantCulture)),
        ("payoutId", x => x.PayoutId.Value.ToString()),
        ("holder", x => x.Holder),
        ("iban", x => x.Iban),
        ("bic", x => x.Bic),
        ("amount", x => new Money(x.Amount, order.Currency).ToAmountString()),
        ("currency", _ => order.Currency.Code),
        ("executesOn", _ => order.ExecutesOn.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        ("remittance", x => x.Remittance),
    ];
}

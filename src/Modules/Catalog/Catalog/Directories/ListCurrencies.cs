using Licensing.Kernel.Http;

namespace Licensing.Catalog.Directories;

/// <summary>The currencies that can be billed in: those of ISO 4217 that have a minor unit.</summary>
internal static class ListCurrencies
{
    [AnyCaller]
    public sealed record Query(int? Limit, string? After) : IQuery<Page<CurrencyView>>;

    /// <param name="Code">ISO 4217, alphabetic.</param>
    /// <param name="MinorUnits">Digits after the point of the smallest amount: JPY 0, EUR 2, KWD 3, CLF 4.</param>
    public sealed record CurrencyView(string Code, int MinorUnits);

    internal sealed class Handler : IQueryHandler<Query, Page<CurrencyView>>
    {
        private static readonly CodeList<CurrencyView> Currencies = new(
            Currency.All.Select(c => new CurrencyView(c.Code, c.MinorUnits)), c => c.Code);

        public Task<Result<Page<CurrencyView>>> Handle(Query query, CancellationToken cancellationToken) =>
            Task.FromResult(Currencies.Page(query.Limit, query.After));
    }

    public static void Map(RouteGroupBuilder directory) => directory
        .MapGet("/currencies", (int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(limit, after), ct))
        .Slice<Query, Page<CurrencyView>>(nameof(ListCurrencies), "Lists the currencies of ISO 4217 with their minor units, by code");
}

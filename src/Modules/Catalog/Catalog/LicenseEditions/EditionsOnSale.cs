using System.Globalization;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.LicenseEditions;

/// <inheritdoc cref="ILicenseEditions"/>
internal sealed class EditionsOnSale(CatalogDb db) : ILicenseEditions
{
    public async Task<LicenseEditionRef?> FindAsync(string code, CancellationToken ct) =>
        (await db.LicenseEditions.AsNoTracking().SingleOrDefaultAsync(x => x.Code == code && x.OnSale && !x.Demo, ct))?.Ref;

    public async Task<LicenseEditionRef?> DemoAsync(CancellationToken ct) =>
        (await db.LicenseEditions.AsNoTracking().SingleOrDefaultAsync(x => x.OnSale && x.Demo, ct))?.Ref;

    public async Task<Result<Page<LicenseEditionRef>>> ListAsync(EditionFilter filter, PageStart start, CancellationToken ct)
    {
        var priced = JsonSerializer.Serialize(new[] { new { currency = filter.Currency.Code } });
        var editions = db.LicenseEditions.FromSql($"select * from catalog.license_editions where on_sale and not demo and prices @> {priced}::jsonb")
            .AsNoTracking();
        if (filter.LicenseVersion is { } version)
            editions = editions.Where(x => x.LicenseVersion == version);
        if (filter.DurationMonths is { } months)
            editions = editions.Where(x => x.DurationMonths == months);
        if (filter.Code is { } code)
            editions = editions.Where(x => x.Code == code);
        if (start.After is { } after)
            editions = editions.Where(x => string.Compare(x.Code, after) > 0);
        var items = await editions.OrderBy(x => x.Code).Take(start.Limit + 1).ToListAsync(ct);
        return Page.Of(items, start, x => x.Code).Select(x => x.Ref);
    }

    public async Task<Result<Page<int>>> VersionsAsync(PageStart start, CancellationToken ct)
    {
        var last = -1;
        if (start.After is { } after && !int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out last))
            return PageStart.InvalidCursor;
        var versions = await db.LicenseEditions.Where(x => x.OnSale && !x.Demo && x.LicenseVersion > last).Select(x => x.LicenseVersion).Distinct()
            .OrderBy(x => x).Take(start.Limit + 1).ToListAsync(ct);
        return Page.Of(versions, start, x => x.ToString(CultureInfo.InvariantCulture));
    }
}

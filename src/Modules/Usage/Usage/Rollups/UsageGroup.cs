using System.Globalization;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>One group; what it was not grouped by is null.</summary>
/// <param name="Month">yyyy-MM.</param>
/// <param name="Dimensions">Those that it was grouped by; empty where the records had none, <c>(other)</c> beyond the sets that are kept.</param>
internal sealed record UsageGroup(
    string Meter, DateOnly? Day, string? Month, string? Sku, string? Region, Guid? SubscriptionId, Guid? TenantId, Guid? PartnerId,
    string? PartnerName, Guid? DistributorId, string? DistributorName, IReadOnlyDictionary<string, string>? Dimensions, Exact Quantity, long Records);

/// <summary>A page of groups.</summary>
/// <param name="TenantsLeftOut">Of those who are asked about, as their usage cannot be read; it is computed anew.</param>
internal sealed record UsageSummary(IReadOnlyList<UsageGroup> Items, string? Next, int TenantsLeftOut = 0);

/// <summary>A group as it is read: its keys in the order of the query.</summary>
internal sealed record GroupRow(string[] Keys, Exact Quantity, long Records)
{
    public static async Task<GroupRow> ReadAsync(NpgsqlDataReader row, int keys, CancellationToken ct)
    {
        var texts = new string[keys];
        for (var i = 0; i < keys; i++)
            texts[i] = row.GetString(i);
        return new(texts, await ExactColumn.ReadAsync(row, keys, ct), row.GetInt64(keys + 2));
    }
}

/// <summary>Groups as they are shown: the organisations of their paths are looked up for many at once.</summary>
internal sealed class GroupViews(IOrganizationDirectory organizations)
{
    public async Task<IReadOnlyList<UsageGroup>> OfAsync(IReadOnlyList<string> groupBy, IReadOnlyList<GroupRow> rows, CancellationToken ct)
    {
        var paths = groupBy.Select((key, i) => (key, i)).Where(k => k.key is "partner" or "distributor")
            .SelectMany(k => rows.Select(r => r.Keys[k.i])).Distinct().ToList();
        var found = paths.Count == 0 ? null : await organizations.FindByPathAsync(paths, ct);
        return [.. rows.Select(r => View(groupBy, r, found))];
    }

    private static UsageGroup View(IReadOnlyList<string> groupBy, GroupRow row, IReadOnlyDictionary<string, OrganizationRef>? found)
    {
        string? Key(string name)
        {
            for (var i = 0; i < groupBy.Count; i++)
                if (groupBy[i] == name)
                    return row.Keys[i];
            return null;
        }

        OrganizationRef? Above(string name, OrganizationKind kind) =>
            Key(name) is { } path && found?.GetValueOrDefault(path) is { } organization && organization.Kind == kind ? organization : null;

        var partner = Above("partner", OrganizationKind.Partner);
        var distributor = Above("distributor", OrganizationKind.Distributor);
        var dimensions = groupBy.Where(k => k.StartsWith(SummaryQuery.Dimension, StringComparison.Ordinal))
            .ToDictionary(k => k[SummaryQuery.Dimension.Length..], k => Key(k)!);
        return new UsageGroup(
            Key("meter")!, Key("day") is { } day ? DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture) : null, Key("month"),
            Key("sku"), Key("region"), Key("subscription") is { } subscription ? Guid.Parse(subscription) : null,
            Key("tenant") is { } tenant ? Guid.Parse(tenant) : null, partner?.Id.Value, partner?.DisplayName, distributor?.Id.Value,
            distributor?.DisplayName, dimensions.Count == 0 ? null : dimensions, row.Quantity, row.Records);
    }
}

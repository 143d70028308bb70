using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Licenses;

/// <summary>A licence as it stands on a day.</summary>
/// <param name="EndsOn">The first day that is not its own.</param>
internal sealed record LicenseView(
    LicenseId Id, OrganizationId TenantId, string Code, [property: JsonPropertyName("version")] int LicenseVersion,
    IReadOnlyDictionary<string, string> Names, string? Info, string Quantity, int? Users, bool Demo, LicenseStatus Status, int? DurationMonths,
    int? DurationDays, Money? Price, decimal Points, DateOnly? StartsOn, DateOnly? EndsOn, LicenseId? Renews, LicenseId? RenewedBy,
    DateTimeOffset CreatedAt, DateTimeOffset? CancelledAt, [property: JsonIgnore] int Version) : IDated
{
    public static LicenseView Of(License x, DateOnly today) => new(
        x.Id, x.TenantId, x.Code, x.LicenseVersion, x.Names, x.Info, x.Quantity, x.Users, x.Demo, x.StatusOn(today), x.DurationMonths, x.DurationDays,
        x.Price, x.Points, x.StartsOn, x.EndsOn, x.RenewsId, x.RenewedById, x.CreatedAt, x.CancelledAt, x.Version);
}

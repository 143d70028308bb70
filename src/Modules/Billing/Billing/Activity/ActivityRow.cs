using System.Globalization;
using Licensing.Billing.Contracts;
using Licensing.Billing.Documents;
using Licensing.Billing.Invoices;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Activity;

/// <summary>What a subscription used on one day or in one month, and what it is charged for it.</summary>
/// <param name="Period">The days, half-open.</param>
/// <param name="TenantExternalId">What the tenant's partner calls him.</param>
/// <param name="PartnerId">Who had the tenant then; null where the reader stands below.</param>
/// <param name="Unit">What a quantity of 1 is.</param>
/// <param name="Quantity">Exact, never rounded.</param>
/// <param name="UnitPrice">Unrounded, in the currency of the amounts; null where not every unit has the same.</param>
/// <param name="Amount">What it was rated at.</param>
/// <param name="Net">What is charged of it after cap, coupons and credits.</param>
/// <param name="InvoiceId">Null of an estimate.</param>
/// <param name="Estimated">Whether it is on no invoice yet, but rated now as a run would.</param>
internal sealed record ActivityRow(
    Period Period, OrganizationId TenantId, string? TenantExternalId, string? TenantName, Guid? PartnerId, SubscriptionId SubscriptionId,
    string Meter, string? Unit, string? Sku, string? Region, string Description, string Quantity, string? UnitPrice, Money Amount, Money Net,
    InvoiceId? InvoiceId, int Position, string? InvoiceStatus, bool Estimated)
{
    public static IReadOnlyList<(string Name, Func<ActivityRow, string?> Cell)> Columns { get; } =
    [
        ("start", x => DocumentCsv.Day(x.Period.Start)),
        ("end", x => DocumentCsv.Day(x.Period.End)),
        ("tenantId", x => x.TenantId.Value.ToString()),
        ("tenantExternalId", x => x.TenantExternalId),
        ("tenantName", x => x.TenantName),
        ("partnerId", x => x.PartnerId?.ToString()),
        ("subscriptionId", x => x.SubscriptionId.Value.ToString()),
        ("meter", x => x.Meter),
        ("unit", x => x.Unit),
        ("sku", x => x.Sku),
        ("region", x => x.Region),
        ("description", x => x.Description),
        ("quantity", x => x.Quantity),
        ("unitPrice", x => x.UnitPrice),
        ("amount", x => x.Amount.ToAmountString()),
        ("net", x => x.Net.ToAmountString()),
        ("currency", x => x.Net.Currency.Code),
        ("invoiceId", x => x.InvoiceId?.Value.ToString()),
        ("position", x => x.Position.ToString(CultureInfo.InvariantCulture)),
        ("invoiceStatus", x => x.InvoiceStatus),
        ("estimated", x => x.Estimated ? "true" : "false"),
    ];
}

/// <summary>A part with the organisations and the meter that it is about.</summary>
/// <param name="Tenant">As it is called now, or was called when it left the reader's branch; null where it is gone.</param>
/// <param name="Partner">Who had the tenant then; null where that is outside the reader's scope.</param>
/// <param name="Meter">Null of what is no usage.</param>
internal sealed record NamedPart(ChargedPart Part, OrganizationRef? Tenant, OrganizationRef? Partner, MeterRef? Meter);

/// <summary>Names what parts are about, for many of them at once, to whom they are told: what is outside his scope does not exist.</summary>
internal sealed class ActivityNames(IOrganizationDirectory organizations, ICatalog catalog)
{
    /// <param name="parts">All within the reader's scope, when they were charged.</param>
    /// <param name="reader">His scope. Rows are read while they are sent, when the request has left it already.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<NamedPart>> OfAsync(IReadOnlyList<ChargedPart> parts, Scope reader, CancellationToken ct)
    {
        var meters = await catalog.MetersAsync(ct);
        var tenants = (await organizations.FindAsync([.. parts.Select(part => part.Line.TenantId).Distinct()], ct))
            .Where(tenant => reader.Contains(tenant.Value.Path)).ToDictionary();
        var then = await organizations.FindByPathAsync(
            [
                .. parts.Select(PartnerPath).Where(reader.Contains)
                    .Concat(parts.Where(part => !tenants.ContainsKey(part.Line.TenantId)).Select(part => part.Line.OwnerPath)).Distinct(),
            ], ct);
        return [.. parts.Select(part => new NamedPart(
            part, tenants.GetValueOrDefault(part.Line.TenantId) ?? then.GetValueOrDefault(part.Line.OwnerPath),
            reader.Contains(PartnerPath(part)) ? then.GetValueOrDefault(PartnerPath(part)) : null,
            part.Line.Meter.Length > 0 ? meters.GetValueOrDefault(part.Line.Meter) : null))];
    }

    public async Task<IReadOnlyList<ActivityRow>> RowsAsync(IReadOnlyList<ChargedPart> parts, Scope reader, CancellationToken ct) =>
        [.. (await OfAsync(parts, reader, ct)).Select(RowOf)];

    private static string PartnerPath(ChargedPart part) => OrganizationPath.At(part.Line.OwnerPath, OrganizationKind.Partner) ?? part.Line.OwnerPath;

    private static ActivityRow RowOf(NamedPart named)
    {
        var (part, line) = (named.Part, named.Part.Line);
        return new ActivityRow(
            part.Days, line.TenantId, named.Tenant?.ExternalId, named.Tenant?.DisplayName, named.Partner?.Id.Value, line.SubscriptionId, line.Meter,
            named.Meter?.Unit, InvoiceLine.Shown(line.Sku), InvoiceLine.Shown(line.Region), line.Description,
            part.Quantity.ToString(), line.UnitPrice?.ToString(), part.Gross, part.Net, line.Invoice?.Id, line.Position,
            line.Invoice?.Status.ToString(), line.Invoice is null);
    }
}

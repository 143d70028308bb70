using System.Globalization;
using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Activity;

/// <summary>Which lines.</summary>
/// <param name="Scope">Only of tenants that stood within it.</param>
internal sealed record LineFilter(Scope Scope)
{
    public Guid? TenantId { get; init; }
    public Guid? SubscriptionId { get; init; }
    public string? Meter { get; init; }
    public bool UsageOnly { get; init; }

    /// <summary>Most tenants that are rated now, of all months and with what came late; null: as many as there are.</summary>
    public int? MostEstimated { get; init; }

    public bool Takes(ChargedLine line) => (SubscriptionId is null || line.SubscriptionId.Value == SubscriptionId)
        && (Meter is null || line.Meter == Meter) && (!UsageOnly || line.IsUsage);
}

/// <summary>The invoice on which a line stands.</summary>
internal sealed record LineInvoice(InvoiceId Id, string? Number, InvoiceStatus Status);

/// <summary>The tax of a line's category and rate, as far as it falls on the line.</summary>
internal sealed record LineTax(Money Amount, decimal Percent);

/// <summary>What a credit note took back of a line.</summary>
internal sealed record LineCredit(string Number, decimal Net, decimal Tax);

/// <summary>One charge of a month: a line of an invoice, drafts too, or what would be one if the month were billed now.</summary>
/// <param name="Month">Of the invoice; what is charged late has days before it, what is charged in advance days after it.</param>
/// <param name="Position">On the invoice; of an estimate, as the bill has it now.</param>
/// <param name="UnitPrice">In the currency of the amounts; null where not every unit has the same.</param>
/// <param name="Gross">What it was rated at, before cap, coupons and credits.</param>
/// <param name="Net">What is charged of it.</param>
/// <param name="Invoice">Null of an estimate.</param>
internal sealed record ChargedLine(
    OrganizationId TenantId, string OwnerPath, OrganizationId SellerId, Period Month, int Position, SubscriptionId SubscriptionId, string ChargeKey,
    string Meter, string Sku, string Region, bool IsUsage, Period Days, string Description, Exact Quantity, Exact? UnitPrice, Money Gross, Money Net,
    LineInvoice? Invoice)
{
    // Of what is rated now there are up to two bills of a tenant.
    private static readonly Guid SecondEstimate = new("00000000-0000-0000-0000-000000000001");

    /// <summary>Of which bill an estimate is.</summary>
    public InvoiceKind Kind { get; init; }

    /// <summary>An estimate comes before the invoices of its tenant.</summary>
    public Guid InvoiceKey => Invoice?.Id.Value ?? (Kind is InvoiceKind.Late ? SecondEstimate : Guid.Empty);

    /// <summary>Null where nothing is taxed.</summary>
    public LineTax? Tax { get; init; }

    /// <summary>The currency and the rate by which its price came into that of the amounts; null where it is the same.</summary>
    public LineExchange? Exchange { get; init; }

    public IReadOnlyList<LineCredit> Credits { get; init; } = [];

    /// <summary>Whether it is a difference to what another invoice charges: of an earlier month, or in advance of this one.</summary>
    public bool IsDifference { get; init; }

    /// <summary>Whether it is for days of a month that was billed before.</summary>
    public bool IsLate => Days.End <= Month.Start;

    /// <summary>Whether it is for days that are not the month's: what came late, and what is paid for days ahead.</summary>
    public bool IsBeside => Days.Start < Month.Start || Days.End > Month.End;

    public static IEnumerable<ChargedLine> Of(TenantBill bill, OrganizationId seller, Period month) => bill.Charges.Select((charge, i) =>
    {
        var (due, line) = charge;
        var price = line.Steps is [var step] && step.FlatFee.Sign == 0 && step.Quantity == line.Quantity ? step.UnitPrice : (Exact?)null;
        return new ChargedLine(
            bill.Tenant.Id, bill.Tenant.Path, seller, month, i + 1, due.Key.Subscription, due.Key.Charge, due.Key.Meter, due.Key.Sku, due.Key.Region,
            due.IsUsage, due.Days, due.Description, line.Quantity, line.Exchange is { } exchange ? price * exchange.Rate : price, line.Amount,
            line.Net, null)
        {
            Kind = bill.Kind,
            IsDifference = due.Adjustment is not null,
            Tax = line.TaxPercent is { } percent && percent.TryToDecimal(out var rate) ? new LineTax(line.Tax, rate) : null,
            Exchange = line.Exchange is { } converted ? LineExchange.Of(converted) : null,
        };
    });
}

/// <summary>Where a walk over the lines of months goes on: at this line, after this day of it.</summary>
internal sealed record LinePlace(DateOnly Month, Guid TenantId, Guid InvoiceId, int Position, DateOnly Day)
{
    public static LinePlace StartOf(DateOnly month) => new(month, Guid.Empty, Guid.Empty, 0, DateOnly.MinValue);

    public static LinePlace Of(ChargedLine line, DateOnly day) => new(line.Month.Start, line.TenantId.Value, line.InvoiceKey, line.Position, day);

    /// <summary>Whether it lies between two days of this line.</summary>
    public bool IsWithin(ChargedLine line) => IsOf(line) && Day < DateOnly.MaxValue;

    /// <summary>Behind all days of the line.</summary>
    public static LinePlace After(ChargedLine line) => Of(line, DateOnly.MaxValue);

    /// <summary>Whether the line lies before this place; that of the place itself does not.</summary>
    public bool IsAfter(ChargedLine line) =>
        (line.TenantId.Value, line.InvoiceKey, line.Position).CompareTo((TenantId, InvoiceId, Position)) < 0;

    /// <summary>Whether a day of a line was told before.</summary>
    public bool IsPast(ChargedLine line, DateOnly day) => IsOf(line) && day <= Day;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Month:yyyy-MM-dd}|{TenantId}|{InvoiceId}|{Position}|{Day:yyyy-MM-dd}");

    /// <summary>A page of a list that goes on at such places.</summary>
    public static Result<LinePage> ReadPage(int? limit, string? after)
    {
        if (PageStart.Read(limit, after).Refused(out var refusal, out var start))
            return refusal;
        var place = start.After is { } text ? Read(text) : null;
        return start.After is not null && place is null ? PageStart.InvalidCursor : new LinePage(start, place);
    }

    private bool IsOf(ChargedLine line) => (line.TenantId.Value, line.InvoiceKey, line.Position) == (TenantId, InvoiceId, Position);

    private static LinePlace? Read(string text) =>
        text.Split('|') is [var month, var tenant, var invoice, var position, var day] && DateOnly.TryParseExact(month, "yyyy-MM-dd", out var m)
        && Guid.TryParse(tenant, out var t) && Guid.TryParse(invoice, out var i) && int.TryParse(position, out var p)
        && DateOnly.TryParseExact(day, "yyyy-MM-dd", out var d)
            ? new LinePlace(m, t, i, p, d)
            : null;
}

internal sealed record LinePage(PageStart Start, LinePlace? After);

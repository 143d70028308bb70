namespace Licensing.Billing.Invoices;

/// <summary>Which invoices; as JSON and as CSV the same.</summary>
internal sealed record InvoiceFilter(string? Period, Guid? TenantId, Guid? PartnerId, string? Status)
{
    public string? Number { get; init; }
    public string? Kind { get; init; }

    /// <summary>Issued on this billing day or later.</summary>
    public DateOnly? IssuedFrom { get; init; }

    /// <summary>Issued before this billing day.</summary>
    public DateOnly? IssuedUntil { get; init; }

    /// <summary>Whether something is open of it that was due before today.</summary>
    public bool? Overdue { get; init; }
}

using System.Text.Json.Serialization;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>Seller or buyer as a document names him.</summary>
internal sealed record DocumentParty(
    string Name, string ExternalId, IReadOnlyList<string> AddressLines, string? City, string? PostalCode, string? Region, string Country,
    string? TaxId, string? ContactName, string? Email)
{
    public static DocumentParty Of(LegalDetails x) => new(
        x.Name, x.ExternalId, x.AddressLines, x.City, x.PostalCode, x.Region, x.Country, x.TaxId, x.ContactName, x.Email);

    /// <summary>Whether its tax id is for VAT: such a one begins with its country (BR-CO-09); Greece calls itself EL there.</summary>
    [JsonIgnore]
    public bool HasVatId => TaxId is { Length: > 2 } id
        && (id.StartsWith(Country, StringComparison.Ordinal) || (Country == "GR" && id.StartsWith("EL", StringComparison.Ordinal)));

    /// <summary>With what the settings say of the seller in place of what he does not say himself.</summary>
    public DocumentParty Or(SellerSettings said) => this with
    {
        Name = said.LegalName ?? Name,
        AddressLines = AddressLines.Count > 0 ? AddressLines : said.AddressLines,
        City = City ?? said.City,
        PostalCode = PostalCode ?? said.PostalCode,
        TaxId = TaxId ?? said.TaxId,
        Email = Email ?? said.Email,
    };
}

/// <summary>How the seller shows himself on paper.</summary>
/// <param name="Name">Stands in place of the logo where that cannot be shown.</param>
/// <param name="LogoUrl">The only thing from outside: a page is whole without it. Of documents from before it was kept, null.</param>
internal sealed record DocumentLook(
    string? Name, string? PrimaryColor, string? SecondaryColor, string? SupportEmail, string? SupportUrl, string? LogoUrl = null);

/// <summary>
/// What a document says beside its figures. Kept with it when it is issued, so that it reads the same for ever, however seller, buyer and
/// settings change.
/// </summary>
internal sealed record InvoiceDocument(
    DocumentParty Seller, DocumentParty Buyer, DocumentLook Look, string Language, DateOnly IssuedOn, DateOnly DueOn, int PaymentDays, string? Iban,
    string? Bic);

/// <summary>Section <c>Billing:Invoices</c> of the configuration.</summary>
internal sealed record InvoiceSettings
{
    /// <summary>Days from issue until payment is due.</summary>
    public int PaymentDays { get; init; } = 14;

    /// <summary>The account to pay into; null: the document names none.</summary>
    public string? Iban { get; init; }

    public string? Bic { get; init; }

    /// <summary>The root of the tree, which sells, has no details of its own.</summary>
    public SellerSettings Seller { get; init; } = new();
}

/// <summary>What documents say of the seller where he says nothing himself.</summary>
internal sealed record SellerSettings
{
    public string? LegalName { get; init; }
    public string? TaxId { get; init; }
    public IReadOnlyList<string> AddressLines { get; init; } = [];
    public string? City { get; init; }
    public string? PostalCode { get; init; }
    public string? Email { get; init; }
}

/// <summary>Writes down what documents issued today say: three reads, however many they are, and one more where a tenant has moved.</summary>
internal sealed class DocumentSnapshots(
    ILegalDetails details, IOrganizationSettings settings, IOrganizationDirectory organizations, InvoiceSettings terms, BillingCalendar calendar)
{
    // Organisations have no language; where German is the language of business, it is the document's.
    private static readonly HashSet<string> German = ["AT", "DE", "LI"];

    /// <summary>By the paths of the invoices.</summary>
    /// <param name="seller">Of all of them.</param>
    /// <param name="buyers">The tenants, each with the path that its invoice has.</param>
    /// <param name="now">When they are issued.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<IReadOnlyDictionary<string, InvoiceDocument>> OfAsync(
        OrganizationRef seller, IReadOnlyCollection<(OrganizationId Tenant, string Path)> buyers, DateTimeOffset now, CancellationToken ct)
    {
        var tenants = buyers.Select(x => x.Tenant).Distinct().ToList();
        var parties = await details.FindAsync([seller.Id, .. tenants], ct);
        var former = await FormerAsync(buyers, tenants, ct);
        DocumentParty Buyer(OrganizationId id, string path) => former.TryGetValue(path, out var then)
            ? DocumentParty.Of(parties[id]) with { ExternalId = then.ExternalId }
            : DocumentParty.Of(parties[id]);
        var branding = await settings.BrandingAsync(seller.Path, ct);
        var look = new DocumentLook(
            branding.Name, branding.PrimaryColor, branding.SecondaryColor, branding.SupportEmail, branding.SupportUrl, branding.LogoUrl);
        var today = calendar.DayOf(now);
        return buyers.DistinctBy(x => x.Path).ToDictionary(x => x.Path, x => new InvoiceDocument(
            DocumentParty.Of(parties[seller.Id]).Or(terms.Seller), Buyer(x.Tenant, x.Path), look,
            German.Contains(parties[x.Tenant].Country) ? "de" : "en", today, today.AddDays(terms.PaymentDays), terms.PaymentDays, terms.Iban,
            terms.Bic));
    }

    // Partners have numbers of their own for their customers; on an invoice of a month before a transfer is that of the partner of those days.
    private async Task<IReadOnlyDictionary<string, OrganizationRef>> FormerAsync(
        IReadOnlyCollection<(OrganizationId Tenant, string Path)> buyers, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var now = await organizations.FindAsync(tenants, ct);
        string[] left = [.. buyers.Where(x => now.GetValueOrDefault(x.Tenant)?.Path != x.Path).Select(x => x.Path).Distinct()];
        return left.Length == 0 ? new Dictionary<string, OrganizationRef>() : await organizations.FindByPathAsync(left, ct);
    }

    /// <summary>What an invoice says: what was kept with it; of a draft, or one from before documents were kept, what it would say now.</summary>
    public async Task<InvoiceDocument> OfAsync(Invoice invoice, DateTimeOffset now, CancellationToken ct)
    {
        if (invoice.Document is { } kept)
            return kept;
        var seller = await organizations.FindAsync(invoice.SellerId, ct)
            ?? throw new InvalidOperationException($"The seller of invoice {invoice.Id.Value} is gone.");
        return (await OfAsync(seller, [(invoice.TenantId, invoice.OwnerPath)], invoice.IssuedAt ?? now, ct))[invoice.OwnerPath];
    }

    /// <summary>As it is told to a reader: a tenant that has left his branch is called as it was called there, where nothing was kept.</summary>
    public async Task<InvoiceDocument> OfAsync(Invoice invoice, Scope reader, DateTimeOffset now, CancellationToken ct)
    {
        var said = await OfAsync(invoice, now, ct);
        if (invoice.Document is not null || await organizations.FindAsync(invoice.TenantId, ct) is not { } tenant || reader.Contains(tenant.Path))
            return said;
        var then = (await organizations.FindByPathAsync([invoice.OwnerPath], ct)).GetValueOrDefault(invoice.OwnerPath);
        return said with
        {
            Buyer = new DocumentParty(
                then?.DisplayName ?? "", then?.ExternalId ?? "", [], null, null, null, said.Buyer.Country, null, null, null),
        };
    }
}

internal static class LockedInvoices
{
    extension(BillingDb db)
    {
        /// <summary>
        /// The invoice as it is now, and stays until the transaction ends; null where it is not within the scope. All that changes an issued
        /// invoice starts here, so that money is decided on what is so.
        /// </summary>
        public async Task<Invoice?> LockInvoiceAsync(InvoiceId id, Scope scope, CancellationToken ct)
        {
            // Who may not see it does not make others wait for it.
            if (!await db.Invoices.AsNoTracking().Within(scope).AnyAsync(x => x.Id == id, ct))
                return null;
            return await db.Invoices.FromSql($"select * from billing.invoices where id = {id.Value} for update")
                .AsNoTracking().Within(scope).SingleOrDefaultAsync(ct);
        }
    }
}

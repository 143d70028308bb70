namespace Licensing.Identity.Organizations;

/// <summary>What someone says of an organisation when he opens it.</summary>
internal interface IOrganizationDetails
{
    string ExternalId { get; }
    string DisplayName { get; }
    string? LegalName { get; }
    string? Country { get; }
    Currency? Currency { get; }
    Contact? Contact { get; }
    BillingAddress? BillingAddress { get; }
    string? TaxId { get; }

    /// <summary>For whoever stands above it alone.</summary>
    string? Notes => null;

    /// <summary>Its first administrator, who is invited by mail; null for none.</summary>
    NewAdministrator? Administrator { get; }
}

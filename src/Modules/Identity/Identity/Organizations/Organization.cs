using Licensing.Identity.Contracts;
using Licensing.Identity.Transfers;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Organizations;

/// <summary>A node of the tree. Only a tenant ever changes its place, by a transfer, which takes along what it owns (ADR 0014).</summary>
internal sealed class Organization : IOwned, IVersioned
{
    private Organization()
    {
    }

    public OrganizationId Id { get; private init; }
    public int Code { get; private init; }
    public OrganizationKind Kind { get; private init; }
    public OrganizationId? ParentId { get; private set; }
    public string OwnerPath { get; private set; } = "";
    public string ExternalId { get; private set; } = "";
    public string DisplayName { get; private set; } = "";
    public string? LegalName { get; private set; }
    public string Country { get; private set; } = "";
    public Currency Currency { get; private init; }
    public string? TaxId { get; private set; }
    public Contact? Contact { get; private set; }
    public BillingAddress? BillingAddress { get; private set; }

    /// <summary>Of whoever stands above it; those within read the trail, but not this.</summary>
    [Secret]
    public string? Notes { get; private set; }

    public OrganizationStatus Status { get; private set; }
    public string? StatusReason { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    /// <summary>Opens an organisation one level below this one.</summary>
    public Result<Organization> Open(OrganizationKind kind, int code, IOrganizationDetails details, DateTimeOffset now)
    {
        if (kind != Kind + 1)
            return OrganizationRefusals.WrongParent(kind, Kind);
        if (Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        if (Status is OrganizationStatus.Suspended)
            return OrganizationRefusals.ParentSuspended;
        return new Organization
        {
            Id = Kernel.Id.New<OrganizationId>(now),
            Code = code,
            Kind = kind,
            ParentId = Id,
            OwnerPath = $"{OwnerPath}{code}.",
            ExternalId = details.ExternalId,
            DisplayName = details.DisplayName,
            LegalName = details.LegalName,
            Country = details.Country ?? Country,
            Currency = details.Currency ?? Currency,
            TaxId = details.TaxId,
            Contact = details.Contact,
            BillingAddress = details.BillingAddress,
            Notes = details.Notes,
            Status = OrganizationStatus.Active,
            CreatedAt = now,
            Version = 1,
        };
    }

    /// <summary>Takes the right to write from the whole branch.</summary>
    public Result<OrganizationSuspended> Suspend(string reason, DateTimeOffset now)
    {
        if (Status is not OrganizationStatus.Active)
            return Status is OrganizationStatus.Closed ? OrganizationRefusals.Closed : OrganizationRefusals.AlreadySuspended;
        (Status, StatusReason) = (OrganizationStatus.Suspended, reason);
        return new OrganizationSuspended(Id, OwnerPath, now);
    }

    public Result<OrganizationResumed> Resume(DateTimeOffset now)
    {
        if (Status is not OrganizationStatus.Suspended)
            return Status is OrganizationStatus.Closed ? OrganizationRefusals.Closed : OrganizationRefusals.NotSuspended;
        (Status, StatusReason) = (OrganizationStatus.Active, null);
        return new OrganizationResumed(Id, OwnerPath, now);
    }

    /// <summary>Ends it for good; the row stays, for what was done under it.</summary>
    public Result<OrganizationClosed> Close(bool hasLiveChildren, IReadOnlyList<Holding> held, DateTimeOffset now)
    {
        if (Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        if (hasLiveChildren)
            return OrganizationRefusals.HasLiveChildren;
        if (held.Count > 0)
            return OrganizationRefusals.StillHeld(held);
        (Status, StatusReason) = (OrganizationStatus.Closed, null);
        return new OrganizationClosed(Id, OwnerPath, now);
    }

    /// <summary>Whether this tenant may go to <paramref name="partner"/>. A suspended one may: its new partner decides what follows.</summary>
    public Result<Done> MayMoveTo(Organization partner, Organization abovePartner) =>
        Status is OrganizationStatus.Closed ? OrganizationRefusals.Closed
        : partner.Id == ParentId ? TransferRefusals.AlreadyThere
        : partner.Status is OrganizationStatus.Closed ? TransferRefusals.PartnerClosed
        : partner.Status is OrganizationStatus.Suspended || abovePartner.Status is OrganizationStatus.Suspended ? TransferRefusals.PartnerSuspended
        : default(Done);

    public TenantTransferred MoveTo(Organization partner, DateOnly on, DateTimeOffset now)
    {
        var from = OwnerPath;
        (ParentId, OwnerPath) = (partner.Id, $"{partner.OwnerPath}{Code}.");
        return new TenantTransferred(Id, from, OwnerPath, on, now);
    }

    public Result<Done> Change(PatchOrganization.Command change)
    {
        if (Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        ExternalId = change.ExternalId.Or(ExternalId);
        DisplayName = change.DisplayName.Or(DisplayName);
        LegalName = change.LegalName.Or(LegalName);
        Country = change.Country.Or(Country);
        TaxId = change.TaxId.Or(TaxId);
        Contact = change.Contact.Or(Contact);
        if (change.ContactEmail.IsPresent)
            Contact = (Contact ?? new Contact()) with { Email = change.ContactEmail.Value };
        Notes = change.Notes.Or(Notes);
        BillingAddress = change.BillingAddress.Or(BillingAddress);
        return default(Done);
    }
}

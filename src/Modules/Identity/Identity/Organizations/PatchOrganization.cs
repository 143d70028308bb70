using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Organizations;

/// <summary>Changes what is said of an organisation; where it stands and its currency stay.</summary>
internal static class PatchOrganization
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command : ICommand<OrganizationView>
    {
        [JsonIgnore]
        public OrganizationKind Kind { get; init; }

        [JsonIgnore]
        public OrganizationId Id { get; init; }

        public Optional<string> ExternalId { get; init; }
        public Optional<string> DisplayName { get; init; }
        public Optional<string?> LegalName { get; init; }
        public Optional<string> Country { get; init; }
        public Optional<string?> TaxId { get; init; }
        public Optional<Contact?> Contact { get; init; }
        public Optional<BillingAddress?> BillingAddress { get; init; }

        /// <summary>Of the contact alone; of the reseller service, which knows no more of it.</summary>
        [JsonIgnore]
        public Optional<string?> ContactEmail { get; init; }

        /// <summary>Of the reseller service, where alone they are read.</summary>
        [JsonIgnore]
        public Optional<string?> Notes { get; init; }
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.ExternalId.Value).ExternalId().When(x => x.ExternalId.IsPresent).OverridePropertyName("ExternalId");
            RuleFor(x => x.DisplayName.Value).DisplayName().When(x => x.DisplayName.IsPresent).OverridePropertyName("DisplayName");
            RuleFor(x => x.LegalName.Value).MaximumLength(200).OverridePropertyName("LegalName");
            RuleFor(x => x.Country.Value).NotNull().When(x => x.Country.IsPresent).OverridePropertyName("Country");
            RuleFor(x => (string?)x.Country.Value).Country().OverridePropertyName("Country");
            RuleFor(x => x.TaxId.Value).MaximumLength(50).OverridePropertyName("TaxId");
            RuleFor(x => x.ContactEmail.Value).PlainAddress().OverridePropertyName("ContactEmail");
            RuleFor(x => x.Notes.Value).Notes().OverridePropertyName("Notes");
            RuleFor(x => x.Contact.Value!).SetValidator(new ContactValidator())
                .When(x => x.Contact.Value is not null).OverridePropertyName("Contact");
            RuleFor(x => x.BillingAddress.Value!).SetValidator(new AddressValidator())
                .When(x => x.BillingAddress.Value is not null).OverridePropertyName("BillingAddress");
        }
    }

    internal sealed class Handler(IdentityDb db, ManagedOrganizations organizations, Precondition precondition)
        : ICommandHandler<Command, OrganizationView>
    {
        public async Task<Result<OrganizationView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(command.Kind, command.Id, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (precondition.Fails(organization))
                return Precondition.Failed;
            if (organization.Change(command).Refused(out refusal, out _))
                return refusal;

            return await db.SavedAsync(() => OrganizationView.Of(organization), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind) => organizations
        .MapPatch("/{id:guid}", (Guid id, Command body, ISender sender, CancellationToken ct) =>
            sender.Ok(body with { Kind = kind, Id = new OrganizationId(id) }, ct))
        .Slice<Command, OrganizationView>($"Patch{kind}", $"Changes a {kind.ToString().ToLowerInvariant()}");
}

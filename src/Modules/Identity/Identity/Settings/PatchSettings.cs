using FluentValidation;
using FluentValidation.Results;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Settings;

/// <summary>Sets what an organisation says for itself, in one area or in several; null clears a value.</summary>
internal static class PatchSettings
{
    /// <summary>The areas that change; those that are absent stay.</summary>
    public sealed record Body
    {
        public BrandingPatch? Branding { get; init; }
        public LicensingPatch? Licensing { get; init; }
        public SignInPatch? Identity { get; init; }
    }

    /// <param name="OrganizationId">Whose; the caller's own organisation when left out.</param>
    /// <param name="Only">The one area that the route is about, whose body that area's change is; null is all.</param>
    /// <param name="Changes">What to set.</param>
    [Needs(IdentityPermissions.SettingsManage)]
    public sealed record Command(OrganizationId? OrganizationId, SettingArea? Only, Body Changes) : ICommand<GetSettings.Found>;

    public sealed class Validator : AbstractValidator<Command>
    {
        private readonly BrandingValidator _branding = new();
        private readonly LicensingValidator _licensing = new();
        private readonly SignInValidator _signIn = new();

        public Validator() => RuleFor(x => x).Custom((command, context) =>
        {
            foreach (var (area, outcome) in Outcomes(command.Changes))
                foreach (var failure in outcome.Errors)
                {
                    failure.PropertyName = command.Only is null ? $"{area}.{failure.PropertyName}" : failure.PropertyName;
                    context.AddFailure(failure);
                }
        });

        private IEnumerable<(SettingArea Area, ValidationResult Outcome)> Outcomes(Body changes)
        {
            if (changes.Branding is { } branding)
                yield return (SettingArea.Branding, _branding.Validate(branding));
            if (changes.Licensing is { } licensing)
                yield return (SettingArea.Licensing, _licensing.Validate(licensing));
            if (changes.Identity is { } signIn)
                yield return (SettingArea.Identity, _signIn.Validate(signIn));
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, HeldOrganizations organizations, OrganizationSettings settings, CredentialCache cache,
        Precondition precondition, Principal principal) : ICommandHandler<Command, GetSettings.Found>
    {
        public async Task<Result<GetSettings.Found>> Handle(Command command, CancellationToken cancellationToken)
        {
            var id = command.OrganizationId ?? new OrganizationId(principal.Access.OrganizationId);
            // How people log in is a way in.
            if (command.Changes.Identity is not null && principal.Access.OpenedBy is not null)
                return AuthorizationRefusals.NotInPerson;
            // Held: who has just lost it by a transfer does not find it.
            if ((await organizations.FindAsync(id, cancellationToken)).Refused(out _, out var organization))
                return OrganizationRefusals.NotFound(id.Value);
            var said = await settings.ReadAsync([organization.OwnerPath], cancellationToken);
            var rows = await db.Settings.Where(x => x.OrganizationId == id).ToListAsync(cancellationToken);
            var change = new SettingsChange(db, organization, said, rows, principal.Scope, command.Only);
            if (precondition.Fails(change))
                return Precondition.Failed;
            if (organization.Status is OrganizationStatus.Closed)
                return OrganizationRefusals.Closed;
            if ((change.Apply(command.Changes.Branding)
                    ?? change.Apply(command.Changes.Licensing)
                    ?? change.Apply(command.Changes.Identity)) is { } refused)
                return refused;

            // Saved here, because the answer tells the new versions.
            await db.SaveChangesAsync(cancellationToken);
            cache.ForgetAfterCommit(session);
            return new GetSettings.Found(id, organization.OwnerPath, await settings.ReadAsync([organization.OwnerPath], cancellationToken));
        }
    }

    public static void Map(RouteGroupBuilder settings)
    {
        settings.MapPatch("/", (Guid? organizationId, Body body, ISender sender, CancellationToken ct) =>
                GetSettings.Answer(sender.Send(CommandOf(organizationId, null, body), ct), AllSettingsView.Of))
            .Slice<Command, AllSettingsView>("PatchSettings", "Changes an organization's settings");
        settings.MapPatch("/branding", (Guid? organizationId, BrandingPatch body, ISender sender, CancellationToken ct) =>
                GetSettings.Answer(
                    sender.Send(CommandOf(organizationId, SettingArea.Branding, new Body { Branding = body }), ct), GetSettings.Branding))
            .Slice<Command, SettingsView<OwnBranding, EffectiveBranding>>("PatchBranding", "Changes how an organization looks");
        settings.MapPatch("/licensing", (Guid? organizationId, LicensingPatch body, ISender sender, CancellationToken ct) =>
                GetSettings.Answer(
                    sender.Send(CommandOf(organizationId, SettingArea.Licensing, new Body { Licensing = body }), ct), GetSettings.Licensing))
            .Slice<Command, SettingsView<OwnLicensing, EffectiveLicensing>>("PatchLicensingSettings", "Changes who may sell by himself");
        settings.MapPatch("/identity", (Guid? organizationId, SignInPatch body, ISender sender, CancellationToken ct) =>
                GetSettings.Answer(
                    sender.Send(CommandOf(organizationId, SettingArea.Identity, new Body { Identity = body }), ct), GetSettings.SignIn))
            .Slice<Command, SettingsView<OwnSignIn, EffectiveSignIn>>("PatchIdentitySettings", "Changes how an organization's people log in");
    }

    private static Command CommandOf(Guid? organizationId, SettingArea? only, Body body) =>
        new(organizationId is { } id ? new OrganizationId(id) : null, only, body);
}

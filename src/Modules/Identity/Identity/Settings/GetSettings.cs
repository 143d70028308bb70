using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Settings;

/// <summary>Shows an organisation's settings: what it says itself and what holds there, with the level that each value comes from.</summary>
internal static class GetSettings
{
    /// <param name="OrganizationId">Whose; the caller's own organisation when left out.</param>
    [Needs(IdentityPermissions.SettingsRead)]
    public sealed record Query(OrganizationId? OrganizationId) : IQuery<Found>;

    /// <summary>What each route shows a part of.</summary>
    public sealed record Found(OrganizationId OrganizationId, string Path, SaidSettings Said);

    internal sealed class Handler(IdentityDb db, OrganizationSettings settings, Principal principal) : IQueryHandler<Query, Found>
    {
        public async Task<Result<Found>> Handle(Query query, CancellationToken cancellationToken)
        {
            var id = query.OrganizationId ?? new OrganizationId(principal.Access.OrganizationId);
            var path = await db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => x.Id == id).Select(x => x.OwnerPath)
                .SingleOrDefaultAsync(cancellationToken);
            return path is null
                ? OrganizationRefusals.NotFound(id.Value)
                : new Found(id, path, await settings.ReadAsync([path], cancellationToken));
        }
    }

    public static AllSettingsView All(Found x) => AllSettingsView.Of(x);

    public static SettingsView<OwnBranding, EffectiveBranding> Branding(Found x) =>
        ViewOf(x, x.Said.Own<OwnBranding>(x.Path), EffectiveBranding.Of(x.Said.Chain<OwnBranding>(x.Path)));

    public static SettingsView<OwnLicensing, EffectiveLicensing> Licensing(Found x) =>
        ViewOf(x, x.Said.Own<OwnLicensing>(x.Path), EffectiveLicensing.Of(x.Said.Chain<OwnLicensing>(x.Path)));

    public static SettingsView<OwnSignIn, EffectiveSignIn> SignIn(Found x) =>
        ViewOf(x, x.Said.Own<OwnSignIn>(x.Path), EffectiveSignIn.Of(x.Said.Chain<OwnSignIn>(x.Path)));

    /// <summary>The part that a route is about.</summary>
    public static async Task<IResult> Answer<TView>(Task<Result<Found>> asked, Func<Found, TView> shown) =>
        (await asked).Refused(out var refusal, out var found)
            ? new RefusedResult(refusal)
            : new ViewResult<TView>(shown(found), StatusCodes.Status200OK);

    public static void Map(RouteGroupBuilder settings)
    {
        Map(settings, "/", nameof(GetSettings), "Shows an organization's settings", All);
        Map(settings, "/branding", "GetBranding", "Shows how an organization looks", Branding);
        Map(settings, "/licensing", "GetLicensingSettings", "Shows who may sell by himself", Licensing);
        Map(settings, "/identity", "GetIdentitySettings", "Shows how an organization's people log in", SignIn);
    }

    private static void Map<TView>(RouteGroupBuilder settings, string route, string name, string summary, Func<Found, TView> shown) => settings
        .MapGet(route, (Guid? organizationId, ISender sender, CancellationToken ct) =>
            Answer(sender.Send(new Query(organizationId is { } id ? new OrganizationId(id) : null), ct), shown))
        .Slice<Query, TView>(name, summary);

    private static SettingsView<TOwn, TEffective> ViewOf<TOwn, TEffective>(Found found, TOwn own, TEffective effective) where TOwn : IOwnSettings =>
        new(found.OrganizationId, own, effective, found.Said.Version<TOwn>(found.Path));
}

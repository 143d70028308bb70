using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Settings;

/// <summary>What is about to be said for one organisation, area by area, against what it and those above it say.</summary>
internal sealed class SettingsChange(
    IdentityDb db, Organization organization, SaidSettings said, List<SettingsRow> rows, Scope reach, SettingArea? only) : IVersioned
{
    public int Version => rows.Where(x => only is null || x.Area == only).Sum(x => x.Version);

    /// <returns>Why not.</returns>
    public Refusal? Apply<TOwn>(ISettingsPatch<TOwn>? patch) where TOwn : IOwnSettings
    {
        if (patch is null)
            return null;
        var (path, own) = (organization.OwnerPath, said.Own<TOwn>(organization.OwnerPath));
        var at = only is null ? $"/{TOwn.Area.ToString().ToLowerInvariant()}" : "";
        if (patch.Against(said.Above<TOwn>(path), own, path, reach, at) is { } refused)
            return refused;
        var row = rows.Find(x => x.Area == TOwn.Area);
        if (row is null)
            db.Add(row = new SettingsRow { OrganizationId = organization.Id, Area = TOwn.Area });
        row.OwnerPath = path;
        row.Write(patch.On(own));
        return null;
    }
}

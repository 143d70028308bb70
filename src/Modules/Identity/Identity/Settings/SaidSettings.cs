using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>Everything that is said along some paths, read once.</summary>
internal sealed class SaidSettings(IReadOnlyList<(string Path, SettingArea Area, string Own, int Version)> rows)
{
    public Chain<TOwn> Chain<TOwn>(string path) where TOwn : IOwnSettings => new([.. Rows<TOwn>(path)]);

    /// <summary>Without what is said at the path's end itself.</summary>
    public Chain<TOwn> Above<TOwn>(string path) where TOwn : IOwnSettings => new([.. Rows<TOwn>(path, without: path)]);

    public TOwn Own<TOwn>(string path) where TOwn : IOwnSettings =>
        Read<TOwn>(rows.FirstOrDefault(x => x.Path == path && x.Area == TOwn.Area).Own ?? "{}");

    public int Version<TOwn>(string path) where TOwn : IOwnSettings => rows.FirstOrDefault(x => x.Path == path && x.Area == TOwn.Area).Version;

    private IEnumerable<(OrganizationKind Level, TOwn Own)> Rows<TOwn>(string path, string? without = null) where TOwn : IOwnSettings => rows
        .Where(x => x.Area == TOwn.Area && x.Path != without && path.StartsWith(x.Path, StringComparison.Ordinal))
        .OrderBy(x => x.Path.Length)
        .Select(x => (OrganizationPath.LevelOf(x.Path), Read<TOwn>(x.Own)));

    private static TOwn Read<TOwn>(string own) => JsonSerializer.Deserialize<TOwn>(own, StoredJson.Options)!;
}

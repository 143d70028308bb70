using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

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

/// <inheritdoc cref="IOrganizationSettings"/>
internal sealed class OrganizationSettings(DbSession session) : IOrganizationSettings
{
    public async Task<BrandingSettings> BrandingAsync(string path, CancellationToken ct) =>
        EffectiveBranding.Of((await ReadAsync([path], ct)).Chain<OwnBranding>(path)).Values;

    public async Task<IReadOnlyDictionary<string, LicensingSettings>> LicensingAsync(IReadOnlyCollection<string> paths, CancellationToken ct)
    {
        var said = await ReadAsync(paths, ct);
        return paths.Distinct()
            .ToDictionary(path => path, path => EffectiveLicensing.Of(said.Chain<OwnLicensing>(path)).Values, StringComparer.Ordinal);
    }

    public async Task<SignInSettings> SignInAsync(string path, CancellationToken ct) =>
        EffectiveSignIn.Of((await ReadAsync([path], ct)).Chain<OwnSignIn>(path)).Values;

    public async Task<SaidSettings> ReadAsync(IReadOnlyCollection<string> paths, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select o.owner_path, s.area, s.own::text, s.version
            from identity.organizations o join identity.settings s on s.organization_id = o.id
            where o.owner_path = any($1)
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = paths.SelectMany(OrganizationPath.Upwards).Distinct().ToArray() } } };
        var rows = new List<(string, SettingArea, string, int)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            rows.Add((reader.GetString(0), Enum.Parse<SettingArea>(reader.GetString(1)), reader.GetString(2), reader.GetInt32(3)));
        return new SaidSettings(rows);
    }
}

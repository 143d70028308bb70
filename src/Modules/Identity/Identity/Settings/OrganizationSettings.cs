using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Settings;

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

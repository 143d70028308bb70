using System.Collections.Frozen;
using Licensing.Identity.Contracts;

namespace Licensing.Identity;

internal static class IdentityPermissions
{
    public const string DistributorsManage = "identity.distributors.manage";
    public const string OrganizationsManage = "identity.organizations.manage";
    public const string OrganizationsRead = "identity.organizations.read";
    public const string UsersManage = "identity.users.manage";
    public const string UsersRead = "identity.users.read";
    public const string ApiKeysManage = "identity.api_keys.manage";
    public const string ApiKeysRead = "identity.api_keys.read";
    public const string RolesManage = "identity.roles.manage";
    public const string CertificatesManage = "identity.certificates.manage";
    public const string CertificatesRead = "identity.certificates.read";
    public const string LoginLinksCreate = "identity.login_links.create";
    public const string AuditRead = "identity.audit.read";
    public const string SettingsRead = "identity.settings.read";
    public const string SettingsManage = "identity.settings.manage";
    public const string ClientsManage = "identity.clients.manage";
    public const string ClientsRead = "identity.clients.read";
    public const string SigningKeysManage = "identity.signing_keys.manage";

    /// <summary>
    /// Whoever holds one of these at any organisation is an administrator where an organisation asks its administrators for more: he can
    /// let others in, make credentials, or change what is asked of a log-in. Listed in SETTINGS.md.
    /// </summary>
    public static FrozenSet<string> Administrative { get; } = new[]
    {
        DistributorsManage, OrganizationsManage, UsersManage, RolesManage, ApiKeysManage, ClientsManage, CertificatesManage,
        LoginLinksCreate, SettingsManage, SigningKeysManage,
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly IReadOnlyList<string> Administrators = [.. Roles.ChannelAdministrators, Roles.TenantAdministrator];

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(DistributorsManage, "Open distributors", Roles.Platform),
        new(OrganizationsManage, "Open, change, suspend and close the organizations below one's own", Roles.ChannelAdministrators),
        new(OrganizationsRead, "Read organizations", Roles.Readers),
        new(UsersManage, "Add users and give them roles", Administrators),
        new(UsersRead, "Read users and their roles", Roles.Readers),
        new(ApiKeysManage, "Make and revoke API keys", Administrators),
        new(ApiKeysRead, "Read API keys, without their secrets", Roles.Readers),
        new(RolesManage, "Define custom roles", Administrators),
        new(CertificatesManage, "Enrol and revoke the certificates that sign licence updates", Roles.ChannelAdministrators),
        new(CertificatesRead, "Read certificates", Roles.ChannelReaders),
        new(LoginLinksCreate, "Make one-time links that log someone in", Roles.ChannelAdministrators),
        new(AuditRead, "Read the audit trail", Roles.Readers),
        new(SettingsRead, "Read settings", Roles.Readers),
        new(SettingsManage, "Change the settings of one's own organization and those below", Administrators),
        new(ClientsManage, "Register, change and revoke OAuth clients", Administrators),
        new(ClientsRead, "Read OAuth clients, without their secrets", Roles.Readers),
        new(SigningKeysManage, "Rotate and list the signing keys of access tokens and documents", Roles.Platform),
    ];
}

using System.Net;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Settings;

/// <summary>Who loosens which delegation switch at which organisation: those above the level it is about, wherever it is set.</summary>
public sealed class DelegationSwitchTests(App app) : IClassFixture<App>
{
    private static readonly string[] Administrators =
        [Roles.PlatformAdministrator, Roles.DistributorAdministrator, Roles.PartnerAdministrator];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, OrganizationKind> Switches => new()
    {
        { "distributorsCreateTenants", OrganizationKind.Distributor },
        { "partnersCreateTenants", OrganizationKind.Partner },
        { "distributorsCreateSubscriptions", OrganizationKind.Distributor },
        { "partnersCreateSubscriptions", OrganizationKind.Partner },
        { "tenantsCreateSubscriptions", OrganizationKind.Tenant },
    };

    [Theory, MemberData(nameof(Switches))]
    public async Task What_was_forbidden_is_loosened_by_those_above_its_level_and_by_nobody_else(string name, OrganizationKind about)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        OrganizationRef[] nodes = [branch.Platform, branch.Distributor, branch.Partner];
        for (var node = 0; node < nodes.Length; node++)
            for (var by = 0; by <= node; by++)
                foreach (var value in new bool?[] { true, null })
                {
                    using var caller = branch.As(Administrators[by]);
                    (await SetAsync(platform, nodes[node], name, false)).ShouldBe("200");

                    (await SetAsync(caller, nodes[node], name, value))
                        .ShouldBe(by < (int)about ? "200" : "403 not_allowed_here", $"{value} at {nodes[node].Kind} by {Administrators[by]}");

                    (await SetAsync(platform, nodes[node], name, null)).ShouldBe("200");
                }
    }

    [Fact]
    public async Task Tenants_are_let_open_subscriptions_at_any_level_above_them()
    {
        var branch = await app.BranchAsync();
        foreach (var (at, by) in new[]
        {
            (branch.Platform, Roles.PlatformAdministrator), (branch.Distributor, Roles.PlatformAdministrator),
            (branch.Distributor, Roles.DistributorAdministrator), (branch.Partner, Roles.PartnerAdministrator),
        })
        {
            using var caller = branch.As(by);
            (await MayTenantsAsync(branch)).ShouldBeFalse();

            (await SetAsync(caller, at, "tenantsCreateSubscriptions", true)).ShouldBe("200");

            (await MayTenantsAsync(branch)).ShouldBeTrue();
            (await SetAsync(caller, at, "tenantsCreateSubscriptions", null)).ShouldBe("200");
        }
    }

    private Task<bool> MayTenantsAsync(Branch branch) => app.InAsync<IOrganizationSettings, bool>(async settings =>
        (await settings.LicensingAsync([branch.Tenant.Path], Ct))[branch.Tenant.Path].TenantsCreateSubscriptions);

    private static async Task<string> SetAsync(HttpClient client, OrganizationRef at, string name, bool? value)
    {
        using var answer = await client.SendAsync(
            HttpMethod.Patch, $"/api/v1/settings/licensing?organizationId={at.Id.Value}", new Dictionary<string, bool?> { [name] = value });
        return answer.StatusCode is HttpStatusCode.OK ? "200" : $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
    }
}

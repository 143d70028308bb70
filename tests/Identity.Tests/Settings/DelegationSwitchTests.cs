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

    [Fact]
    public async Task Who_is_forbidden_to_open_tenants_does_not_by_a_key_one_level_down()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var made = await distributor.PostAsync(
            "/api/v1/api-keys", new { name = "below", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
        using var below = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        (await SettingsTests.OpenAsync(below, branch, "t-1")).ShouldBe("201");

        // Nobody has said anything of partners; and what the distributor said before is no more than what he has now.
        (await SetAsync(platform, branch.Distributor, "distributorsCreateTenants", false)).ShouldBe("200");
        (await SettingsTests.OpenAsync(below, branch, "t-2")).ShouldBe("403 not_delegated");
        (await SetAsync(platform, branch.Distributor, "distributorsCreateTenants", null)).ShouldBe("200");
        (await SetAsync(distributor, branch.Distributor, "partnersCreateTenants", true)).ShouldBe("200");
        (await SetAsync(distributor, branch.Partner, "partnersCreateTenants", true)).ShouldBe("200");
        (await SetAsync(platform, branch.Distributor, "distributorsCreateTenants", false)).ShouldBe("200");
        (await SettingsTests.OpenAsync(below, branch, "t-2")).ShouldBe("403 not_delegated");
        foreach (var at in new[] { branch.Distributor, branch.Partner })
        {
            (await SetAsync(distributor, at, "partnersCreateTenants", null)).ShouldBe("200");
            (await SetAsync(distributor, at, "partnersCreateTenants", true)).ShouldBe("422 forbidden_above");
        }

        // The platform, which nobody binds, may pass him by.
        (await SetAsync(platform, branch.Platform, "partnersCreateTenants", true)).ShouldBe("200");
        (await SettingsTests.OpenAsync(below, branch, "t-2")).ShouldBe("201");
        (await SetAsync(platform, branch.Platform, "partnersCreateTenants", null)).ShouldBe("200");
    }

    [Theory]
    // Who forbids, and to whom; who then says yes to tenants; whether that counts.
    [InlineData("Distributor", "partners", "Partner", false)]
    [InlineData("Distributor", "partners", "Distributor", true)]
    [InlineData("Distributor", "partners", "Platform", true)]
    [InlineData("Partner", "partners", "Partner", false)]
    [InlineData("Partner", "partners", "Distributor", true)]
    [InlineData("Distributor", "distributors", "Partner", false)]
    [InlineData("Distributor", "distributors", "Distributor", false)]
    [InlineData("Distributor", "distributors", "Platform", true)]
    [InlineData("Platform", "distributors", "Distributor", false)]
    [InlineData("Platform", "distributors", "Platform", true)]
    // What is said below an organisation does not bind it.
    [InlineData("Partner", "distributors", "Distributor", true)]
    public async Task A_yes_counts_only_from_above_whoever_is_forbidden_himself(string forbids, string whom, string says, bool counts)
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var nodes = new[] { branch.Platform, branch.Distributor, branch.Partner }.ToDictionary(x => x.Kind.ToString());
        var forbidden = $"{whom}CreateSubscriptions";
        const string yes = "tenantsCreateSubscriptions";

        // Said before it was forbidden, and after.
        (await SetAsync(platform, nodes[says], yes, true)).ShouldBe("200");
        (await SetAsync(platform, nodes[forbids], forbidden, false)).ShouldBe("200");
        (await MayTenantsAsync(branch)).ShouldBe(counts);
        (await SetAsync(platform, nodes[says], yes, null)).ShouldBe("200");
        (await SetAsync(platform, nodes[says], yes, true)).ShouldBe(counts ? "200" : "422 forbidden_above");
        (await MayTenantsAsync(branch)).ShouldBe(counts);

        (await SetAsync(platform, nodes[says], yes, null)).ShouldBe("200");
        (await SetAsync(platform, nodes[forbids], forbidden, null)).ShouldBe("200");
    }

    private Task<bool> MayTenantsAsync(Branch branch) => app.InAsync<IOrganizationSettings, bool>(async settings =>
        (await settings.LicensingAsync([branch.Tenant.Path], Ct))[branch.Tenant.Path].TenantsCreateSubscriptions);

    private static async Task<string> SetAsync(HttpClient client, OrganizationRef at, string name, bool? value)
    {
        using var answer = await client.SendAsync(
            HttpMethod.Patch, $"/api/v1/settings/licensing?organizationId={at.Id.Value}", new Dictionary<string, bool?> { [name] = value });
        return answer.StatusCode is HttpStatusCode.OK ? "200" : $"{(int)answer.StatusCode} {(await answer.FieldErrorAsync()).Code}";
    }
}

using Licensing.Provisioning.Tests.CustomerArea;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Licenses;

/// <summary>What demo licences are of while no edition on sale is the demo.</summary>
public sealed class DemoSettingTests(DemoSettingTests.TryingApp app) : IClassFixture<DemoSettingTests.TryingApp>
{
    [Fact]
    public async Task Demos_are_of_the_setting_until_an_edition_is_the_demo_and_stay_what_they_were()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        var asked = new { customer_code = branch.Tenant.Code, lang = "it" };

        Of((await client.AreaAsync("POST", "licenses/demo", asked)).GetProperty("content")).ShouldBe("TRY-1 Trial of the house, 3 seats, 0 points");
        using var administrator = branch.Administrator();
        using var made = await System.Net.Http.Json.HttpClientJsonExtensions.PostAsJsonAsync(
            administrator, "/api/v1/license-editions",
            new { code = "D", demo = true, quantity = "1 user", names = new { EN = "Demo", IT = "Prova" } }, Ct);
        made.IsSuccessStatusCode.ShouldBeTrue(await made.Content.ReadAsStringAsync(Ct));
        // Ids are in the order of time, to the millisecond.
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        Of((await client.AreaAsync("POST", "licenses/demo", asked)).GetProperty("content")).ShouldBe("D Prova, 1 user, 0 points");

        (await client.AreaAsync("GET", $"licenses?customer_code={branch.Tenant.Code}")).GetProperty("content").EnumerateArray().Select(Of)
            .ShouldBe(["D Demo, 1 user, 0 points", "TRY-1 Trial of the house, 3 seats, 0 points"]);
    }

    [Theory]
    [InlineData("Code", " ")]
    [InlineData("Code", "123456789012345678901234567890123456789012345678901")]
    [InlineData("Name", "")]
    [InlineData("Quantity", "")]
    public void A_setting_that_no_licence_could_be_of_stops_the_start(string name, string value)
    {
        var demo = name switch
        {
            "Code" => new DemoSettings { Code = value },
            "Name" => new DemoSettings { Name = value },
            _ => new DemoSettings { Quantity = value },
        };

        Should.Throw<InvalidOperationException>(() => new ProvisioningSettings { Demo = demo }.Checked()).Message.ShouldContain(
            $"Provisioning:Demo:{name}");
    }

    private static string Of(System.Text.Json.JsonElement license) =>
        $"{license.Text("license_code")} {license.Text("license_name")}, {license.Text("license_quantity")}, "
        + $"{license.GetProperty("license_points").GetRawText()} points";

    public sealed class TryingApp : SellingApp
    {
        protected override IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>
        {
            ["Provisioning:Demo:Code"] = "TRY-1",
            ["Provisioning:Demo:Name"] = "Trial of the house",
            ["Provisioning:Demo:Quantity"] = "3 seats",
        };
    }
}

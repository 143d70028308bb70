using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Tests.CustomerArea;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

namespace Licensing.Provisioning.Tests.Transfers;

/// <summary>What a tenant that was given to another partner takes along, and what holds until that has been heard.</summary>
public sealed class TransferredTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Before_a_transfer_is_heard_the_new_partner_sees_what_its_tenant_holds()
    {
        var (branch, next) = await GivenAsync();

        (await ElitesAsync(branch, next)).ShouldBe("5");
    }

    [Fact]
    public async Task Before_a_transfer_is_heard_the_new_partner_changes_the_one_subscription_there_is()
    {
        var (branch, next) = await GivenAsync();

        using var taker = await SignedCaller.EnrolAsync(branch, next);
        (await CodeAsync(taker.SendAsync(
            $$"""{"ccId":{"resellerId":"{{next.ExternalId}}","tenantId":"{{branch.Tenant.ExternalId}}"},"eliteSeats":6}"""))).ShouldBe("200");

        (await PathsAsync(branch)).ShouldBe([branch.Tenant.Path]);
        (await ElitesAsync(branch, next)).ShouldBe("6");
    }

    [Fact]
    public async Task When_a_transfer_is_heard_the_subscription_is_the_new_partners()
    {
        var (branch, next) = await GivenAsync();

        await app.DrainAsync();

        (await PathsAsync(branch)).ShouldHaveSingleItem().ShouldStartWith(next.Path);
        (await ElitesAsync(branch, next)).ShouldBe("5");
    }

    [Fact]
    public async Task What_goes_along_with_its_tenant_is_another_version()
    {
        var (branch, _) = await GivenAsync(withLicense: true);
        var held = $"select 's ' || version from provisioning.subscriptions where tenant_id = '{branch.Tenant.Id.Value}' union all "
            + $"select 'l ' || version from provisioning.licenses where tenant_id = '{branch.Tenant.Id.Value}' order by 1";
        (await app.RowsAsync(held)).ShouldBe(["l 1", "s 1"]);

        await app.DrainAsync();

        // Whoever looked before it went cannot write over it.
        (await app.RowsAsync(held)).ShouldBe(["l 2", "s 2"]);
    }

    [Fact]
    public async Task Who_calls_a_deletion_back_writes_nothing_into_the_history_of_what_ended_before_it_was_his()
    {
        var branch = await app.BranchAsync();
        using var former = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await CodeAsync(former.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        (await CodeAsync(former.SendAsync(Body(branch), HttpMethod.Delete))).ShouldBe("200");
        var seats = await partner.GetFromJsonAsync<JsonElement>($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct);
        var id = seats.GetProperty("subscriptionId").GetGuid();
        (await partner.PostAsync($"/api/v1/subscriptions/{id}/cancel", null, Ct)).EnsureSuccessStatusCode();
        var next = await app.GivenToAnotherAsync(branch);
        await app.DrainAsync();

        using var taker = branch.As(Roles.PartnerAdministrator, next);
        (await taker.PostAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}/recover", null, Ct)).EnsureSuccessStatusCode();

        (await app.RowsAsync($"select what from provisioning.subscription_history where subscription_id = '{id}' order by id"))
            .ShouldNotContain("DeletionRecovered");
    }

    /// <summary>A tenant with five elite seats that another partner has had for a moment.</summary>
    private async Task<(Branch Branch, OrganizationRef Next)> GivenAsync(bool withLicense = false)
    {
        var branch = await app.BranchAsync();
        using var former = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(former.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("200");
        if (withLicense)
        {
            using var partner = branch.Partner();
            await partner.AreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code });
        }

        return (branch, await app.GivenToAnotherAsync(branch));
    }

    private static async Task<string?> ElitesAsync(Branch branch, OrganizationRef partner)
    {
        using var reader = branch.As(Roles.PartnerReader, partner);
        return (await reader.GetFromJsonAsync<JsonElement>($"/api/v1/entitlements/{branch.Tenant.Id.Value}/eliteSeats", Ct)).Text("quantity");
    }

    private Task<List<string>> PathsAsync(Branch branch) =>
        app.RowsAsync($"select owner_path from provisioning.subscriptions where tenant_id = '{branch.Tenant.Id.Value}'");
}

using System.Text.Json;
using Licensing.Provisioning.Tests.CustomerArea;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Licenses;

/// <summary>What holds also where nobody has looked before: keys in the database, and the caller's own key on a retry.</summary>
public sealed class LicenseGuardTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task A_licence_has_one_successor_whoever_writes_and_a_cancelled_one_makes_room()
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync("1.00");
        await branch.TopUpAsync("2.00");
        using var partner = branch.Partner();
        var named = new { license_id = (await partner.AssignAsync(branch, edition)).LicenseId(), customer_code = branch.Tenant.Code };
        await partner.AreaAsync("POST", "licenses/activate", named);
        await partner.AreaAsync("POST", "licenses/renew", named);
        string Another(string more) =>
            $"""
            insert into provisioning.licenses
            select (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(){more}))).* from provisioning.licenses l
            where renews_id = '{named.license_id}' and cancelled_at is null
            returning code
            """;

        (await Should.ThrowAsync<PostgresException>(() => app.RowsAsync(Another("")))).ConstraintName.ShouldBe("licenses_renewed_once");
        (await app.RowsAsync(Another(", 'cancelled_at', now()"))).ShouldBe([edition]);
    }

    [Fact]
    public async Task Every_post_is_done_once_under_one_key_and_answers_the_same_again()
    {
        var branch = await app.BranchAsync();
        var edition = await branch.EditionAsync("1.00");
        await branch.TopUpAsync("10.00");
        using var partner = branch.Partner();
        var first = (await partner.AssignAsync(branch, edition)).LicenseId();
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = (await partner.AssignAsync(branch, edition)).LicenseId();
        object Named(Guid id) => new { license_id = id, customer_code = branch.Tenant.Code };
        var opened = await TwiceAsync("customers/new", new
        {
            email = $"twice-{branch.Tenant.Code}@example.com",
            password = "maple-7-river",
            customer_name = "Ada",
            country_code = "IT",
            industry_code = "family",
        });
        var customer = opened.GetProperty("customer_code").GetInt32();

        await TwiceAsync("licenses/activate", Named(first));
        await TwiceAsync("licenses/renew", Named(first));
        await TwiceAsync("licenses/cancel", Named(second));
        await TwiceAsync("licenses/demo", new { customer_code = customer });
        await TwiceAsync("licenses/bulk", new { customer_code = customer, license_code = edition, license_info = "x" });
        await TwiceAsync("customers/password", new { customer_code = customer, password = "cedar-9-creek" });

        (await partner.StatesAsync(branch)).ShouldBe("ToBeActivated, Cancelled, Renewed");
        (await partner.AreaAsync("GET", $"licenses?customer_code={customer}")).GetProperty("content").GetArrayLength().ShouldBe(2);
        (await branch.CreditAsync()).ShouldStartWith("7 EUR");
        (await partner.AreaAsync("GET", "customers")).GetProperty("content").GetArrayLength().ShouldBe(2);

        async Task<JsonElement> TwiceAsync(string path, object parameters)
        {
            // Ids are in the order of time, to the millisecond.
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            var key = $"{path} {branch.Tenant.Code}";
            var answer = await partner.AreaAsync("POST", path, parameters, key);
            using var again = await partner.SendAreaAsync("POST", path, parameters, key);
            (await again.Content.ReadAsStringAsync(Ct)).ShouldBe(answer.GetRawText(), path);
            again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"], path);
            return answer.GetProperty("content");
        }
    }
}

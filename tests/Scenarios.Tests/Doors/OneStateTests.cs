using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Doors;

/// <summary>The four doors are dialects of one system: what is done through one is there through the others.</summary>
public sealed class OneStateTests(SellingHost app) : IClassFixture<SellingHost>
{
    private const string NotActive = "The tenant, or an organisation above it, is suspended or closed.";

    [Theory]
    [InlineData("channel")]
    [InlineData("signed")]
    [InlineData("area")]
    [InlineData("reseller")]
    public async Task A_tenant_that_one_door_opens_is_there_at_the_three_others(string door)
    {
        using var doors = await FourDoors.OpenAsync(app);

        var code = await doors.OpenAsync(door, "Acme");

        (await doors.SaidAsync(code)).ShouldBe("channel: Acme Active; signed: {}; area: Acme active; reseller: Acme Active");
        // Each door lists it too, but for the signed one, which lists nothing.
        (await doors.SendAsync("GET", "/customerarea/customers"))["content"]!.AsArray()
            .Select(c => (int)c!["customer_code"]!).ShouldContain(code);
        (await doors.ResellerAsync("SearchAccounts", new { Name = "Acme" }))["Accounts"]!.AsArray()
            .Select(a => (int)a!["AccountId"]!).ShouldBe([code]);
        // One trail for all of them, in which the tenant is opened once.
        var tenant = await doors.TenantAsync(code);
        var trail = await doors.SendAsync("GET", $"/api/v1/audit?resourceId={tenant["id"]}&resourceType=organization");
        trail["items"]!.AsArray().Single()!["resources"]!.ToJsonString().ShouldContain("Acme");
    }

    // Two doors suspend and close organisations; the signed one and the customer area have no such call by their contracts.
    [Theory]
    [InlineData("channel")]
    [InlineData("reseller")]
    public async Task What_one_door_suspends_and_closes_is_so_at_all(string door)
    {
        using var doors = await FourDoors.OpenAsync(app);
        var code = await doors.OpenAsync(door == "channel" ? "reseller" : "channel", "Acme");
        var id = (string)(await doors.TenantAsync(code))["id"]!;
        async Task DoAsync(string verb)
        {
            if (door == "reseller")
                await doors.ResellerAsync($"{verb}Account", new { AccountId = code });
            else if (verb == "Close")
                await doors.SendAsync("DELETE", $"/api/v1/tenants/{id}");
            else
                await doors.SendAsync("POST", $"/api/v1/tenants/{id}/{verb.ToLowerInvariant()}",
                    verb == "Suspend" ? new { reason = "unpaid" } : null);
        }

        await DoAsync("Suspend");
        (await doors.SaidAsync(code)).ShouldBe($"channel: Acme Suspended; signed: {NotActive}; area: Acme not active; reseller: Acme Suspended");
        await DoAsync("Resume");
        (await doors.SaidAsync(code)).ShouldBe("channel: Acme Active; signed: {}; area: Acme active; reseller: Acme Active");
        await doors.EndSubscriptionsAsync(id);
        await DoAsync("Close");
        (await doors.SaidAsync(code)).ShouldBe($"channel: Acme Closed; signed: {NotActive}; area: 404; reseller: Acme Closed");
    }

    [Theory]
    [InlineData("channel")]
    [InlineData("reseller")]
    public async Task A_name_that_one_door_changes_is_changed_at_all(string door)
    {
        using var doors = await FourDoors.OpenAsync(app);
        var code = await doors.OpenAsync("area", "Acme");
        var tenant = await doors.TenantAsync(code);

        if (door == "channel")
            await doors.SendAsync("PATCH", $"/api/v1/tenants/{tenant["id"]}", new { displayName = "Acme 2" });
        else
            await doors.ResellerAsync("UpdateAccount", new { AccountId = code, Name = "Acme 2" });

        (await doors.SaidAsync(code)).ShouldBe("channel: Acme 2 Active; signed: {}; area: Acme 2 active; reseller: Acme 2 Active");
        (await doors.SignedAsync($"\"{tenant["externalId"]}\",\"tenantName\":\"Acme 3\"")).ShouldBe("{}");
        (await doors.SaidAsync(code)).ShouldBe("channel: Acme 3 Active; signed: {}; area: Acme 3 active; reseller: Acme 3 Active");
    }

    // Seats are of the channel and the signed door; the customer area and the reseller service have none by their contracts, but the tenants that
    // these open can have them.
    [Theory]
    [InlineData("channel")]
    [InlineData("signed")]
    [InlineData("area")]
    [InlineData("reseller")]
    public async Task Seats_set_at_one_door_are_those_that_the_other_counts_from(string opener)
    {
        using var doors = await FourDoors.OpenAsync(app);
        var code = await doors.OpenAsync(opener, "Acme");
        var tenant = await doors.TenantAsync(code);
        var (id, signed) = ((string)tenant["id"]!, $"\"{tenant["externalId"]}\"");

        (await doors.SignedAsync(signed, ",\"essentialSeats\":5")).ShouldBe("""{"essentialSeats":{"oldValue":0,"newValue":5}}""");
        var seats = await doors.SendAsync("GET", $"/api/v1/licensing/{id}");
        ((string)seats["status"]!, (int)seats["seats"]!["essentialSeats"]!).ShouldBe(("Active", 5));
        await doors.SendAsync("PATCH", $"/api/v1/licensing/{id}", new { seats = new { essentialSeats = 9 } });
        (await doors.SignedAsync(signed, ",\"essentialSeats\":9")).ShouldBe("{}");
        (await doors.SignedAsync(signed, ",\"essentialSeats\":6")).ShouldBe("""{"essentialSeats":{"oldValue":9,"newValue":6}}""");
        var subscription = (string)seats["subscriptionId"]!;
        ((int)(await doors.SendAsync("GET", $"/api/v1/subscriptions/{subscription}"))["quantities"]!["essentialSeats"]!).ShouldBe(6);

        // Suspended and cancelled at the one door, it is so at the other; an account whose subscription is over can be closed.
        await doors.SendAsync("POST", $"/api/v1/subscriptions/{subscription}/suspend", new { reason = "unpaid" });
        (await doors.SignedAsync(signed, ",\"essentialSeats\":7")).ShouldContain("suspended");
        await doors.SendAsync("POST", $"/api/v1/subscriptions/{subscription}/resume");
        (await doors.SignedAsync(signed, method: HttpMethod.Delete)).ShouldBe("scheduled_for_deletion");
        (await doors.SendAsync("POST", $"/api/v1/licensing/{id}/recover"))["deletionId"].ShouldNotBeNull();
        (await doors.SignedAsync(signed)).ShouldBe("{}");
        await doors.SendAsync("POST", $"/api/v1/subscriptions/{subscription}/cancel", new { });
        ((string?)(await doors.ResellerAsync("CloseAccount", new { AccountId = code }))["Status"]).ShouldBe("Closed");
    }

    // Licences are of the customer area and the channel; the signed door and the reseller service have none by their contracts, but a live one
    // keeps the account from being closed.
    [Theory]
    [InlineData("channel")]
    [InlineData("signed")]
    [InlineData("area")]
    [InlineData("reseller")]
    public async Task A_license_of_the_customer_area_is_the_channels_and_is_paid_from_its_credit(string opener)
    {
        using var doors = await FourDoors.OpenAsync(app);
        var code = await doors.OpenAsync(opener, "Acme");
        var id = (string)(await doors.TenantAsync(code))["id"]!;
        using var distributor = doors.Branch.As(Roles.DistributorAdministrator);
        await FourDoors.SendAsync(distributor, "POST", "/api/v1/credit/top-ups", new
        {
            organizationId = doors.Branch.Partner.Id.Value,
            reference = "paid",
            amount = new { amount = "7.00", currency = "EUR" },
        });

        var assigned = (await doors.SendAsync("POST", "/customerarea/licenses/bulk", new
        {
            customer_code = code,
            license_code = SellingHost.Edition,
            license_info = "Headquarter",
        }))["content"]!;

        var license = $"/api/v1/licenses/{assigned["license_id"]}";
        async Task<string> StateAsync() => $"{(await doors.SendAsync("GET", license))["status"]} "
            + $"{(await doors.SendAsync("GET", $"/customerarea/licenses?customer_code={code}"))["content"]![0]!["license_state"]}";
        (await StateAsync()).ShouldBe("ToBeActivated ToBeActivated");
        ((string)(await doors.SendAsync("GET", $"/api/v1/licenses?tenantId={id}"))["items"]![0]!["id"]!).ShouldBe((string)assigned["license_id"]!);
        (await SpendableAsync()).ShouldBe("2.00 2");
        await doors.SendAsync("POST", "/customerarea/licenses/activate", new { license_id = assigned["license_id"], customer_code = code });
        (await StateAsync()).ShouldBe("Active Active");
        await doors.EndSubscriptionsAsync(id);
        (await doors.ResellerFaultAsync("CloseAccount", new { AccountId = code }))
            .ShouldBe("409 ConflictFaultContract Still live there: 1 licenses. End them first.");
        await doors.SendAsync("POST", "/customerarea/licenses/cancel", new { license_id = assigned["license_id"], customer_code = code });
        (await StateAsync()).ShouldBe("Cancelled Cancelled");
        ((string?)(await doors.ResellerAsync("CloseAccount", new { AccountId = code }))["Status"]).ShouldBe("Closed");
        ((string)(await doors.SendAsync("GET", license))["status"]!).ShouldBe("Cancelled");

        async Task<string> SpendableAsync()
        {
            var credit = await doors.SendAsync("GET", $"/api/v1/credit?organizationId={doors.Branch.Partner.Id.Value}&unit=EUR");
            return $"{credit["items"]![0]!["balance"]} {(await doors.SendAsync("GET", "/customerarea/credit"))["content"]!["balance"]}";
        }
    }

    // Users are of the three doors that know people; the signed one has certificates only.
    [Fact]
    public async Task A_user_added_at_one_door_is_the_same_at_the_others()
    {
        using var doors = await FourDoors.OpenAsync(app);
        var code = await doors.OpenAsync("area", "Acme");
        var id = (string)(await doors.TenantAsync(code))["id"]!;

        var added = (int)(await doors.ResellerAsync("AddUserToAccount", new
        {
            AccountId = code,
            Username = $"ada-{code}",
            Password = "Maple-7-river-12",
            Firstname = "Ada",
            LastName = "Lovelace",
            EmailAddress = $"ada-{code}@customer.example",
            MobilePhoneNumber = "+491711234567",
            LandlinePhoneNumber = "+49301234567",
        }))["UserId"]!;

        async Task<string> UsersAsync() => string.Join(", ", (await doors.SendAsync("GET", $"/api/v1/users?organizationId={id}"))["items"]!.AsArray()
            .Select(u => $"{u!["code"]} {u["status"]}").Order());
        var accounts = (await doors.ResellerAsync("GetUsersForAccount", new { AccountId = code }))["Users"]!.AsArray();
        // The one with whom the customer area opened it, and the one that was added.
        accounts.Count.ShouldBe(2);
        (await UsersAsync()).Split(", ").Length.ShouldBe(2);
        await doors.ResellerAsync("DisableUser", new { UserId = added });
        (await UsersAsync()).ShouldContain($"{added} Disabled");
        var user = (await doors.SendAsync("GET", $"/api/v1/users?organizationId={id}"))["items"]!.AsArray().Single(u => (int)u!["code"]! == added)!;
        await doors.SendAsync("POST", $"/api/v1/users/{user["id"]}/enable");
        (await UsersAsync()).ShouldContain($"{added} Active");
    }

    // Inbound numbers are of the channel and the reseller service; credits of an account too.
    [Fact]
    public async Task Numbers_and_credits_of_an_account_are_the_tenants()
    {
        using var doors = await FourDoors.OpenAsync(app);
        var code = await doors.OpenAsync("signed", "Acme");
        var id = (string)(await doors.TenantAsync(code))["id"]!;
        using var platform = doors.Branch.Administrator();
        var number = $"+493{code:00000000}";
        await FourDoors.SendAsync(platform, "POST", "/api/v1/numbers", new { number, country = "DE", type = "Geographic" });

        await doors.ResellerAsync("AllocateInboundNumber", new { AccountId = code, Number = number });
        var held = (await doors.SendAsync("GET", $"/api/v1/numbers?tenantId={id}"))["items"]!.AsArray().Single()!;
        ((string)held["number"]!).ShouldBe(number);
        await doors.SendAsync("POST", $"/api/v1/numbers/{held["id"]}/release", new { reason = "moved" });
        (await doors.ResellerAsync("GetInboundNumbers", new { AccountId = code }))["Numbers"]!.AsArray().ShouldBeEmpty();

        await doors.SendAsync("POST", "/api/v1/credit/top-ups", new { organizationId = id, reference = "start", credits = 12 });
        var balance = (await doors.ResellerAsync("GetAccount", new { AccountId = code }))["Balances"]!.AsArray().Single()!;
        balance.ToJsonString().ShouldContain("12");
    }
}

/// <summary>A host with something on sale: a plan of seats and a licence edition.</summary>
public sealed class SellingHost : App
{
    public const string Edition = "CL-Q-A005-M1";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var branch = await this.BranchAsync();
        using var platform = branch.Administrator();
        var plan = await FourDoors.SendAsync(platform, "POST", "/api/v1/plans", new
        {
            key = "seats",
            name = "Seats",
            product = "ccaas",
            currency = "EUR",
            charges = new[]
            {
                new { key = "seats", name = "Seats", feature = "essentialSeats", price = new { model = "perUnit", unitPrice = "10" } },
            },
        });
        await FourDoors.SendAsync(platform, "POST", $"/api/v1/plans/{plan["id"]}/publish");
        await FourDoors.SendAsync(platform, "POST", "/api/v1/license-editions", new
        {
            code = Edition,
            durationMonths = 1,
            quantity = "5 users",
            prices = new[] { new { amount = "5.00", currency = "EUR" } },
            names = new { EN = "Business filter license" },
        });
    }
}

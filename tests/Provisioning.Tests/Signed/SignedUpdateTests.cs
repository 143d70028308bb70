using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;
using static Licensing.Provisioning.Tests.Signed.SignedCalls;

namespace Licensing.Provisioning.Tests.Signed;

/// <summary>What a signed request does.</summary>
public sealed class SignedUpdateTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task The_first_request_opens_the_customer_and_later_ones_change_it()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var tenant = $"new-{SignedCaller.NewJti()}";
        string Asked(string more, string names = "") =>
            $$$"""{"ccId":{"resellerId":"{{{branch.Partner.ExternalId}}}","tenantId":"{{{tenant}}}"{{{names}}}}{{{more}}}}""";

        (await MessageAsync(caller.SendAsync(Asked(""))))
            .ShouldBe("400 VALIDATION_ERROR ccId.resellerName is required on the first request for a tenant. "
                + "ccId.tenantName is required on the first request for a tenant.");
        (await AnswerAsync(caller.SendAsync(Asked(
            ""","professionalSeats":5,"aiMessaging":{"standardBundles":2}""", ""","resellerName":"Reseller","tenantName":"Customer" """))))
            .ShouldBe($$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"{{tenant}}"},"changes":""" +
                """{"professionalSeats":{"oldValue":0,"newValue":5},"aiMessaging":{"standardBundles":{"oldValue":0,"newValue":2}}}}""");
        (await ChangesAsync(caller.SendAsync(Asked(""","aiMessaging":{"standardBundles":0,"advancedBundles":1},"eliteSeats":6"""))))
            .ShouldBe("""{"eliteSeats":{"oldValue":0,"newValue":6}"""
                + ""","aiMessaging":{"standardBundles":{"oldValue":2,"newValue":0},"advancedBundles":{"oldValue":0,"newValue":1}}}""");
        (await ChangesAsync(caller.SendAsync(Asked(""","eliteSeats":6""", ""","tenantName":"Renamed" """)))).ShouldBe("{}");

        using var partner = branch.As(Roles.PartnerAdministrator);
        var opened = (await JsonAtAsync(partner, $"/api/v1/tenants?externalId={tenant}")).GetProperty("items")[0];
        opened.Text("displayName").ShouldBe("Renamed");
        (await JsonAtAsync(partner, $"/api/v1/partners/{branch.Partner.Id.Value}")).Text("displayName").ShouldBe("Reseller");
        var seats = await JsonAtAsync(partner, $"/api/v1/licensing/{opened.IdOf()}");
        (seats.GetProperty("seats").GetProperty("eliteSeats").GetInt32(), seats.GetProperty("seats").GetProperty("professionalSeats").GetInt32())
            .ShouldBe((6, 5));
    }

    [Fact]
    public async Task A_first_request_that_asks_for_nothing_opens_the_customer_and_sells_him_nothing()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var tenant = $"idle-{SignedCaller.NewJti()}";
        var named = $$"""{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"{{tenant}}","resellerName":"R","tenantName":"T"}""";
        string Asked(string more) => $$"""{"ccId":{{named}}{{more}}}""";
        async Task<int> SoldAsync(Guid to) =>
            (await JsonAtAsync(partner, $"/api/v1/subscriptions?tenantId={to}")).GetProperty("items").GetArrayLength();

        (await ChangesAsync(caller.SendAsync(Asked("")))).ShouldBe("{}");
        var opened = (await JsonAtAsync(partner, $"/api/v1/tenants?externalId={tenant}")).GetProperty("items").EnumerateArray().Single().IdOf();
        (await SoldAsync(opened)).ShouldBe(0);
        // Neither does he who asks for none of it; what breaks a rule is refused all the same.
        (await ChangesAsync(caller.SendAsync(Asked(""","eliteSeats":0,"aiAudioServices":{"additionalHours":0}""")))).ShouldBe("{}");
        (await CodeAsync(caller.SendAsync(Asked(""","eliteSeats":3""")))).ShouldBe("400 VALIDATION_ERROR");
        (await SoldAsync(opened)).ShouldBe(0);
        (await CodeAsync(caller.SendAsync(Asked(""), HttpMethod.Delete))).ShouldBe("404 CUSTOMER_NOT_FOUND");

        (await ChangesAsync(caller.SendAsync(Asked(""","eliteSeats":5""")))).ShouldBe("""{"eliteSeats":{"oldValue":0,"newValue":5}}""");
        (await SoldAsync(opened)).ShouldBe(1);
        (await ChangesAsync(caller.SendAsync(Asked("")))).ShouldBe("{}");
        (await SoldAsync(opened)).ShouldBe(1);
    }

    [Fact]
    public async Task First_requests_at_the_same_moment_open_one_customer()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var tenant = $"race-{SignedCaller.NewJti()}";
        var asked = Enumerable.Range(5, 12).Select(seats => caller.SendAsync(
            $$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"{{tenant}}","resellerName":"R","tenantName":"T"},"""
            + $"\"eliteSeats\":{seats}}}"));

        var answers = await Task.WhenAll(asked.Select(ChangesAsync));

        // Each saw what the one before it left.
        var steps = answers.Select(a => JsonNode.Parse(a)!["eliteSeats"]!).Select(c => ((int)c["oldValue"]!, (int)c["newValue"]!)).ToDictionary();
        var at = 0;
        for (var i = 0; i < 12; i++)
            at = steps[at];
        steps.ShouldNotContainKey(at);
    }

    [Theory]
    [InlineData(",\"eliteSeats\":4", "eliteSeats must be 0 or at least 5.")]
    [InlineData(",\"dialerSeats\":9", "dialerSeats must be 0 or at least 10.")]
    [InlineData(",\"speechAnalyticsSeats\":4,\"essentialSeats\":1",
        "essentialSeats must be 0 or at least 5. speechAnalyticsSeats must be 0 or at least 5.")]
    [InlineData(",\"aiMessaging\":{\"standardBundles\":1}", "aiMessaging.standardBundles needs at least one of professionalSeats, eliteSeats.")]
    [InlineData(",\"aiAudioServices\":{\"additionalHours\":1}",
        "aiAudioServices.additionalHours needs at least one of essentialSeats, professionalSeats, eliteSeats.")]
    [InlineData(",\"aiAudioServices\":{}", "aiAudioServices.additionalHours is required.")]
    [InlineData(",\"seats\":1", "Unknown property seats.")]
    [InlineData(",\"aiMessaging\":{\"bundles\":1}", "Unknown property aiMessaging.bundles.")]
    [InlineData(",\"aiMessaging\":1", "aiMessaging must be an object.")]
    [InlineData(",\"aiMessaging.standardBundles\":1", "Unknown property aiMessaging.standardBundles.")]
    [InlineData(",\"additionalAiMessages\":1", "Unknown property additionalAiMessages.")]
    [InlineData(",\"eliteSeats\":null", "eliteSeats must be an integer from 0 to 1000000.")]
    [InlineData(",\"eliteSeats\":\"5\"", "eliteSeats must be an integer from 0 to 1000000.")]
    [InlineData(",\"eliteSeats\":5.5", "eliteSeats must be an integer from 0 to 1000000.")]
    [InlineData(",\"eliteSeats\":-5", "eliteSeats must be an integer from 0 to 1000000.")]
    [InlineData(",\"eliteSeats\":1000001", "eliteSeats must be an integer from 0 to 1000000.")]
    [InlineData(",\"eliteSeats\":1e999", "eliteSeats must be an integer from 0 to 1000000.")]
    [InlineData(",\"serial\":\"x\"", "Unknown property serial.")]
    [InlineData(",\"sipCredentials\":{}",
        "sipCredentials.username is required. sipCredentials.password is required. "
        + "sipCredentials.sipServer is required. sipCredentials.outboundProxy is required.")]
    [InlineData(",\"sipCredentials\":{\"username\":\"u\",\"password\":\" \",\"sipServer\":\"s\",\"outboundProxy\":\"o\"}",
        "sipCredentials.password must be a text of 1 to 500 characters, none of them a control character. sipCredentials.password is required.")]
    [InlineData(",\"sipCredentials\":{\"username\":\"u\",\"password\":\"p\",\"sipServer\":\"s\",\"outboundProxy\":\"o\",\"sipPort\":5060}",
        "sipCredentials.sipPort and sipCredentials.transport must be given both or neither.")]
    [InlineData(
        ",\"sipCredentials\":{\"username\":\"u\",\"password\":\"p\",\"sipServer\":\"s\",\"outboundProxy\":\"o\","
        + "\"sipPort\":65536,\"transport\":\"sctp\"}",
        "sipCredentials.transport must be udp, tcp or tls. sipCredentials.sipPort must be an integer from 1 to 65535.")]
    public async Task A_broken_rule_is_told_with_its_field_and_changes_nothing(string more, string message)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await MessageAsync(caller.SendAsync(Body(branch, more)))).ShouldBe($"400 VALIDATION_ERROR {message}");
        using var partner = branch.As(Roles.PartnerAdministrator);
        (await partner.GetAsync($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    public static TheoryData<string> NoJsonOfOurs { get; } =
    [
        "", "{", "[]", "null", "\"x\"", "1", "{}", "{\"ccId\":{}}", "{\"ccId\":null}", "{\"ccId\":[]}", "{\"ccId\":\"x\"}",
        "{\"ccId\":{\"resellerId\":1,\"tenantId\":2}}",
        "{\"ccId\":{\"resellerId\":\"a\",\"tenantId\":\"b\",\"more\":1}}", "{\"ccId\":{\"resellerId\":\"a\",\"tenantId\":\"b\"},\"ccId\":{}}",
        "{\"ccId\":{\"resellerId\":\"a\",\"resellerId\":\"a\",\"tenantId\":\"b\"}}", "{\"ccId\":{\"resellerId\":\"a\\ud800\",\"tenantId\":\"b\"}}",
        "{\"\\ud800\":1}", "{\"ccId\":{\"resellerId\":\"a\\u0000\",\"tenantId\":\"b\"}}", "{\"ccId\":{\"resellerId\":\"a\",\"tenantId\":\"b\"}} {}",
        "{'ccId':1}", "// no\n{}",
    ];

    [Theory]
    [MemberData(nameof(NoJsonOfOurs))]
    public async Task A_malformed_body_is_a_400_of_this_door(string body)
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(body))).ShouldBe("400 VALIDATION_ERROR");
        (await CodeAsync(caller.SendAsync(body, HttpMethod.Delete))).ShouldBe("400 VALIDATION_ERROR");
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_depths_without_end_are_a_400_too()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync([.. "{\"ccId\":\""u8, 0xC3, 0x28, .. "\"}"u8]))).ShouldBe("400 VALIDATION_ERROR");
        (await CodeAsync(caller.SendAsync(new string('[', 30_000) + new string(']', 30_000)))).ShouldBe("400 VALIDATION_ERROR");
        (await CodeAsync(caller.SendAsync(Body(branch, ",\"" + new string('x', 60_000) + "\":1")))).ShouldBe("400 VALIDATION_ERROR");
    }

    [Fact]
    public async Task The_rules_hold_for_the_resulting_state_and_not_for_the_request()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(caller.SendAsync(Body(branch, ""","professionalSeats":5,"aiMessaging":{"advancedBundles":1}""")))).ShouldBe("200");
        (await MessageAsync(caller.SendAsync(Body(branch, ""","professionalSeats":0"""))))
            .ShouldBe("400 VALIDATION_ERROR aiMessaging.advancedBundles needs at least one of professionalSeats, eliteSeats.");
        (await MessageAsync(caller.SendAsync(Body(branch, ""","aiMessaging":{"standardBundles":1}"""))))
            .ShouldContain("exclude each other");
        (await ChangesAsync(caller.SendAsync(Body(branch, ""","professionalSeats":0,"aiMessaging":{"advancedBundles":0}"""))))
            .ShouldBe("""{"professionalSeats":{"oldValue":5,"newValue":0},"aiMessaging":{"advancedBundles":{"oldValue":1,"newValue":0}}}""");
    }

    [Fact]
    public async Task Another_resellers_customer_does_not_exist()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var caller = await SignedCaller.EnrolAsync(branch);
        foreach (var method in (HttpMethod[])[HttpMethod.Post, HttpMethod.Delete])
        {
            (await CodeAsync(caller.SendAsync(Body(other), method))).ShouldBe("404 CUSTOMER_NOT_FOUND");
            var named = Body(other)
                .Replace($"\"{other.Tenant.ExternalId}\"", "\"unknown\",\"resellerName\":\"R\",\"tenantName\":\"T\"", StringComparison.Ordinal);
            (await CodeAsync(caller.SendAsync(named, method))).ShouldBe("404 CUSTOMER_NOT_FOUND");
        }

        // The distributor's own certificate reaches all of its partners.
        using var distributor = await SignedCaller.EnrolAsync(branch, branch.Distributor);
        (await CodeAsync(distributor.SendAsync(Body(branch)))).ShouldBe("200");
    }

    [Fact]
    public async Task The_trunks_password_is_kept_sealed_and_shown_to_nobody()
    {
        const string Password = "s3cr3t-of-the-trunk";
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        string Sip(string password, string more = "") =>
            Body(branch, $$""","sipCredentials":{"username":"u","password":"{{password}}",""" +
                $"\"sipServer\":\"sip.example\",\"outboundProxy\":\"proxy.example\"{more}}}");

        var first = await ChangesAsync(caller.SendAsync(Sip(Password, ""","sipPort":5061,"transport":"tls" """)));
        first.ShouldBe(
            """{"sipCredentials":{"username":{"oldValue":null,"newValue":"u"},"password":{"oldValue":null,"newValue":"***"}"""
            + ""","sipServer":{"oldValue":null,"newValue":"sip.example"},"outboundProxy":{"oldValue":null,"newValue":"proxy.example"}"""
            + ""","sipPort":{"oldValue":null,"newValue":5061},"transport":{"oldValue":null,"newValue":"tls"}}}""");
        (await ChangesAsync(caller.SendAsync(Sip(Password, ""","sipPort":5061,"transport":"tls" """)))).ShouldBe("{}");
        // What is absent stays.
        (await ChangesAsync(caller.SendAsync(Sip("another")))).ShouldBe("""{"sipCredentials":{"password":{"oldValue":"***","newValue":"***"}}}""");
        (await ChangesAsync(caller.SendAsync(Sip("another", ""","sipPort":5060,"transport":"tls" """))))
            .ShouldBe("""{"sipCredentials":{"sipPort":{"oldValue":5061,"newValue":5060}}}""");

        var kept = await app.InAsync<NpgsqlDataSource, string>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                select (select string_agg(s::text, ' ') from provisioning.sip_credentials s)
                    || (select string_agg(a::text, ' ') from identity.audit_entries a)
                """);
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        });
        kept.ShouldContain("sip.example");
        kept.ShouldNotContain(Password);
        kept.ShouldNotContain(Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Password)));
    }

    [Fact]
    public async Task Who_has_seats_from_a_day_to_come_gets_no_others_beside_them()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var plan = await app.PlanAsync(branch);
        var later = (await SubscribedAsync(branch, Asked(branch, plan, seats: 20, start: $"{app.Today.AddDays(30):yyyy-MM-dd}"))).IdOf();
        var sooner = (await SubscribedAsync(branch, Asked(branch, plan, start: $"{app.Today.AddDays(10):yyyy-MM-dd}"))).IdOf();
        var licensing = $"/api/v1/licensing/{branch.Tenant.Id.Value}";

        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":5")))).ShouldBe("""{"eliteSeats":{"oldValue":0,"newValue":5}}""");
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"essentialSeats\":12"))))
            .ShouldBe("""{"essentialSeats":{"oldValue":10,"newValue":12}}""");

        (await JsonAtAsync(partner, $"/api/v1/subscriptions?tenantId={branch.Tenant.Id.Value}")).GetProperty("items").EnumerateArray()
            .Select(s => (s.IdOf(), s.Seats(), s.Seats("eliteSeats"))).ShouldBe([(sooner, 12, 5), (later, 20, 0)], ignoreOrder: true);
        // Seats are read from their first day on.
        (await partner.GetAsync(licensing, Ct).RefusalAsync()).ShouldBe("404 licensing_not_found");
        app.Clock.Advance(TimeSpan.FromDays(10));
        (await JsonAtAsync(partner, licensing)).GetProperty("subscriptionId").GetGuid().ShouldBe(sooner);
        (await ChangesAsync(caller.SendAsync(Body(branch, ",\"eliteSeats\":6")))).ShouldBe("""{"eliteSeats":{"oldValue":5,"newValue":6}}""");
    }

    [Fact]
    public async Task A_partners_new_name_in_many_requests_at_once_is_taken_once_and_refuses_none()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        string Named(int customer, string reseller, string more) =>
            $$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"c{{customer}}",""" +
                $$""" "resellerName":"{{reseller}}","tenantName":"T"}{{more}}}""";
        for (var i = 0; i < 20; i++)
            (await CodeAsync(caller.SendAsync(Named(i, "Before", ",\"eliteSeats\":5")))).ShouldBe("200");

        // Half of them through another process, and some for customers who are only opened by them.
        var answers = await app.AtOnceAsync(
            app.Anonymous(), 24, (client, i) => caller.SendAsync(Named(i, "After", ",\"eliteSeats\":6"), through: client));

        (await Task.WhenAll(answers.Select(a => CodeAsync(Task.FromResult(a))))).Distinct().ShouldBe(["200"]);
        (await app.RowsAsync(
            $"""
            select count(*)::text from identity.audit_entries
            where principal_id = '{caller.Id}' and changes::text like '%"After"%'
                and changes @> jsonb_build_array(jsonb_build_object('type', 'organization', 'id', '{branch.Partner.Id.Value}'))
            """)).ShouldBe(["1"]);
        async Task<string> CalledAsync() =>
            (await app.RowsAsync($"select display_name from identity.organizations where id = '{branch.Partner.Id.Value}'")).Single();
        (await CalledAsync()).ShouldBe("After");
        // By one of whom nothing else is new, too.
        (await CodeAsync(caller.SendAsync(Named(0, "Last", "")))).ShouldBe("200");
        (await CalledAsync()).ShouldBe("Last");
    }

    [Fact]
    public async Task A_partner_is_held_before_his_tenant_and_only_where_he_is_called_otherwise()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        string Named(string reseller, int seats) =>
            $$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"{{branch.Tenant.ExternalId}}",""" +
                $$""" "resellerName":"{{reseller}}"},"eliteSeats":{{seats}}}""";
        (await CodeAsync(caller.SendAsync(Named("Before", 5)))).ShouldBe("200");
        string Hold(OrganizationRef whom) => $"select from identity.organizations where id = '{whom.Id.Value}' for no key update nowait";

        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using (var partnerHeld = await connection.BeginTransactionAsync(Ct))
            {
                await new NpgsqlCommand(Hold(branch.Partner), connection, partnerHeld).ExecuteNonQueryAsync(Ct);
                (await CodeAsync(caller.SendAsync(Named("Before", 6)))).ShouldBe("200");
            }

            await using var tenantHeld = await connection.BeginTransactionAsync(Ct);
            await new NpgsqlCommand(Hold(branch.Tenant), connection, tenantHeld).ExecuteNonQueryAsync(Ct);
            var asked = CodeAsync(caller.SendAsync(Named("After", 7)));
            await app.WaitsForALockAsync(asked);
            await using var other = database.CreateCommand(Hold(branch.Partner));
            (await Should.ThrowAsync<PostgresException>(() => other.ExecuteNonQueryAsync(Ct))).SqlState.ShouldBe(PostgresErrorCodes.LockNotAvailable);
            await tenantHeld.CommitAsync(Ct);
            (await asked).ShouldBe("200");
            return 0;
        });
    }

    [Fact]
    public async Task Of_two_partners_of_one_external_id_the_tenants_own_is_renamed_and_the_other_is_not_waited_for()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var shared = $"shared-{branch.Partner.ExternalId}";
        using var administrator = branch.Administrator();
        async Task<Guid> OpenedAsync(string level, object body)
        {
            using var opened = await administrator.PostAsJsonAsync($"/api/v1/{level}", body, Ct);
            return (await opened.JsonAsync()).IdOf();
        }

        Task<Guid> PartnerAsync(Branch of) => OpenedAsync(
            "partners", new { distributorId = of.Distributor.Id.Value, externalId = shared, displayName = "Before" });
        var (own, namesake) = (await PartnerAsync(branch), await PartnerAsync(other));
        await OpenedAsync("tenants", new { partnerId = own, externalId = "T", displayName = "T" });
        using var caller = await SignedCaller.EnrolAsync(branch, branch.Platform);
        string Named(string tenant, string reseller) =>
            $$$"""{"ccId":{"resellerId":"{{{shared}}}","tenantId":"{{{tenant}}}","resellerName":"{{{reseller}}}","tenantName":"T"},"eliteSeats":5}""";

        (await CodeAsync(caller.SendAsync(Named("T", "After")))).ShouldBe("200");
        (await NamesAsync()).ShouldBe(["After", "Before"]);

        (await app.InAsync<NpgsqlDataSource, string>(async database =>
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var begun = await connection.BeginTransactionAsync(Ct);
            await using var hold = new NpgsqlCommand(
                "select id from identity.organizations where id = $1 for no key update", connection, begun)
            { Parameters = { new() { Value = namesake } } };
            await hold.ExecuteNonQueryAsync(Ct);
            return await CodeAsync(caller.SendAsync(Named("T", "Later"))).WaitAsync(TimeSpan.FromSeconds(20), Ct);
        })).ShouldBe("200");
        (await NamesAsync()).ShouldBe(["Later", "Before"]);

        // Whose a tenant would be that neither of them has, nobody can tell.
        (await CodeAsync(caller.SendAsync(Named("another", "Last")))).ShouldBe("404 CUSTOMER_NOT_FOUND");
        (await NamesAsync()).ShouldBe(["Later", "Before"]);

        async Task<string?[]> NamesAsync() =>
            [(await JsonAtAsync(administrator, $"/api/v1/partners/{own}")).Text("displayName"),
                (await JsonAtAsync(administrator, $"/api/v1/partners/{namesake}")).Text("displayName")];
    }

    [Fact]
    public async Task The_first_generations_walk_through_still_runs()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch, profile: "v1", keyId: $"K{SignedCaller.NewJti()}");
        void First(JsonObject claims)
        {
            foreach (var claim in (string[])["iss", "aud", "sub", "exp"])
                claims.Remove(claim);
        }

        var body = $$"""{"serial":"{{branch.Tenant.ExternalId}}","professionalSeats":15,"additionalAiMessages":6000}""";
        (await AnswerAsync(caller.SendAsync(body, claims: First, route: "/v1/licensing/update"))).ShouldBe(
            $$"""{"serial":"{{branch.Tenant.ExternalId}}","changes":""" +
                """{"professionalSeats":{"oldValue":0,"newValue":15},"additionalAiMessages":{"oldValue":0,"newValue":6000}}}""");
        (await CodeAsync(caller.SendAsync("""{"serial":"unknown"}""", claims: First))).ShouldBe("404 CUSTOMER_NOT_FOUND");
        (await CodeAsync(caller.SendAsync(body, claims: c => { First(c); c["iss"] = "someone"; }))).ShouldBe("401 INVALID_TOKEN");
        app.Clock.Advance(TimeSpan.FromMinutes(32));
        (await CodeAsync(caller.SendAsync(body, claims: c => { First(c); c["iat"] = app.Clock.GetUtcNow().AddMinutes(-32).ToUnixTimeSeconds(); })))
            .ShouldBe("400 EXPIRED_TOKEN");
        // The claims that the present generation must have are asked of its certificates.
        using var present = await SignedCaller.EnrolAsync(branch);
        (await CodeAsync(present.SendAsync(Body(branch), claims: First))).ShouldBe("401 INVALID_TOKEN");
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Transfers;
using Npgsql;

namespace Licensing.Identity.Tests.Transfers;

/// <summary>
/// What is made or given at a tenant while its transfer is under way waits for it, and is made where the tenant stands by then, or not at
/// all by who no longer reaches it.
/// </summary>
public sealed class TransferRaceTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Commands { get; } = new(
        "AssignRole", "AssignRoleToAccount", "DefineRole", "CreateUser", "CreateApiKey", "RotateApiKey", "PatchApiKey", "RevokeApiKey",
        "CreateClient", "RotateClientSecret", "PatchClient", "PatchUser", "PatchSettings", "CreateLoginLink", "CreateLoginLink of the tenant");

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task What_someone_above_both_partners_makes_meanwhile_stands_where_the_tenant_does(string command)
    {
        var place = await ArrangeAsync();

        using var answer = await DuringTransferAsync(place, place.Branch.As(Roles.DistributorAdministrator), command);

        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        (await LeftBehindAsync(place.Branch.Tenant.Path)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task What_the_old_partner_makes_meanwhile_is_refused(string command)
    {
        var place = await ArrangeAsync();

        using var answer = await DuringTransferAsync(place, place.Branch.As(Roles.PartnerAdministrator), command);

        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.UnprocessableEntity, HttpStatusCode.NotFound);
        (await LeftBehindAsync(place.Branch.Tenant.Path)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_changes_a_user_and_then_his_sessions_does_not_run_into_a_transfer()
    {
        var place = await ArrangeAsync();
        using var agent = place.Branch.As(Roles.DistributorAdministrator);
        var maker = await Person.AddAsync(place.Branch, place.Branch.Partner, Roles.PartnerAdministrator);
        using var made = await (await maker.ClientAsync()).PostAsync("/api/v1/auth/login-links", new { userId = place.Owner.Id });
        using var redeemed = await app.RedeemAsync(made);
        redeemed.StatusCode.ShouldBe(HttpStatusCode.OK);
        await using var connection = await app.InAsync<NpgsqlDataSource, NpgsqlConnection>(async database => await database.OpenConnectionAsync(Ct));
        await using var changing = await connection.BeginTransactionAsync(Ct);
        await ExecuteAsync("select 1 from identity.users where id = $1 for update");

        var transfer = agent.PostAsync(
            $"/api/v1/tenants/{place.Branch.Tenant.Id.Value}/transfer", new { partnerId = place.To.Id.Value, reason = "sold" });
        await app.WaitsForALockAsync(transfer);
        await ExecuteAsync("update identity.sessions set revoked_at = now() where user_id = $1");
        await changing.CommitAsync(Ct);

        (await transfer).StatusCode.ShouldBe(HttpStatusCode.OK);

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, changing) { Parameters = { new() { Value = place.Owner.Id } } };
            await command.ExecuteNonQueryAsync(Ct);
        }
    }

    [Fact]
    public async Task Strangers_do_not_wait_for_rows_that_they_do_not_reach()
    {
        var (place, stranger) = (await ArrangeAsync(), (await app.BranchAsync()).As(Roles.DistributorAdministrator));
        var id = place.Branch.Tenant.Id.Value;
        await using var connection = await app.InAsync<NpgsqlDataSource, NpgsqlConnection>(async database => await database.OpenConnectionAsync(Ct));
        await using var changing = await connection.BeginTransactionAsync(Ct);
        await using (var locking = new NpgsqlCommand("select 1 from identity.organizations where id = $1 for update", connection, changing)
        { Parameters = { new() { Value = id } } })
            await locking.ExecuteNonQueryAsync(Ct);

        using var suspended = await stranger.PostAsync($"/api/v1/tenants/{id}/suspend", new { reason = "unpaid" })
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);
        using var made = await stranger.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = id })
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);
        using var rotated = await stranger.PostAsync($"{place.Key}/rotate", new { }).WaitAsync(TimeSpan.FromSeconds(20), Ct);

        new[] { suspended, made, rotated }.Select(a => a.StatusCode).ShouldBe(
            [HttpStatusCode.NotFound, HttpStatusCode.UnprocessableEntity, HttpStatusCode.NotFound]);
    }

    [Fact]
    public async Task Strangers_do_not_wait_for_a_parent_that_they_name()
    {
        var (place, stranger) = (await ArrangeAsync(), await app.BranchAsync());
        var theirs = place.Branch.Partner.Id.Value;
        await using var connection = await app.InAsync<NpgsqlDataSource, NpgsqlConnection>(async database => await database.OpenConnectionAsync(Ct));
        await using var changing = await connection.BeginTransactionAsync(Ct);
        await using (var locking = new NpgsqlCommand("select 1 from identity.organizations where id = $1 for update", connection, changing)
        { Parameters = { new() { Value = theirs } } })
            await locking.ExecuteNonQueryAsync(Ct);

        using var distributor = stranger.As(Roles.DistributorAdministrator);
        using var opened = await distributor.PostAsync("/api/v1/tenants", new { partnerId = theirs, externalId = "S-1", displayName = "S" })
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);
        using var moved = await distributor.PostAsync(
            $"/api/v1/tenants/{stranger.Tenant.Id.Value}/transfer", new { partnerId = theirs, reason = "sold" })
            .WaitAsync(TimeSpan.FromSeconds(20), Ct);

        new[] { opened, moved }.Select(a => a.StatusCode).ShouldBe([HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity]);
    }

    [Theory]
    [InlineData("ChangeRole")]
    [InlineData("DeleteRole")]
    [InlineData("RemoveRole")]
    [InlineData("RemoveRoleFromAccount")]
    public async Task What_the_old_partner_has_read_before_and_changes_after_is_refused(string command)
    {
        var place = await ArrangeAsync();
        using var partner = place.Branch.As(Roles.PartnerAdministrator);
        var (at, role) = (place.Branch.Tenant.Id.Value, $"Raced {place.Branch.Tenant.Code}");
        using var defined = await partner.PostAsync(
            "/api/v1/roles", new { name = role, level = "Tenant", organizationId = at, permissions = new[] { "identity.users.read" } });
        using var given = await partner.SendAsync(
            HttpMethod.Put, "/api/v1/roles/assignments", new { userId = place.Owner.Id, role = Roles.TenantUser, organizationId = at });
        using var account = await partner.SendAsync(
            HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = at, role = Roles.TenantUser });
        var (changed, taken) = (await PathAsync("", defined), await PathAsync("/assignments", given));
        var left = await PathAsync("/account-assignments", account);

        using var answer = await DuringTransferAsync(place, () => command switch
        {
            "ChangeRole" => partner.SendAsync(HttpMethod.Patch, changed, new { permissions = new[] { "identity.organizations.read" } }),
            "DeleteRole" => partner.SendAsync(HttpMethod.Delete, changed, null),
            "RemoveRole" => partner.SendAsync(HttpMethod.Delete, taken, null),
            _ => partner.SendAsync(HttpMethod.Delete, left, null),
        });

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "concurrent_change"));

        static async Task<string> PathAsync(string area, HttpResponseMessage made) =>
            $"/api/v1/roles{area}/{(await made.JsonAsync()).GetProperty("id").GetGuid()}";
    }

    [Fact]
    public async Task A_certificate_waits_for_its_partners_closing_and_comes_too_late()
    {
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        var partner = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest(
                "CN=reseller", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(app.Clock.GetUtcNow().AddDays(-1), app.Clock.GetUtcNow().AddDays(1));

        using var answer = await app.DuringAsync(
            async sender => (await sender.Send(new CloseOrganization.Command(OrganizationKind.Partner, partner.Id), Ct)).Refusal,
            () => distributor.PostAsync("/api/v1/certificates", new { organizationId = partner.Id.Value, pem = certificate.ExportCertificatePem() }));

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "organization_closed"));
    }

    private Task<HttpResponseMessage> DuringTransferAsync(Place place, HttpClient caller, string command) =>
        DuringTransferAsync(place, () => SendAsync(caller, place, command));

    private Task<HttpResponseMessage> DuringTransferAsync(Place place, Func<Task<HttpResponseMessage>> send) =>
        app.DuringAsync(
            async sender => (await sender.Send(new TransferTenant.Command(place.Branch.Tenant.Id, place.To.Id, "sold", null), Ct)).Refusal, send);

    private static Task<HttpResponseMessage> SendAsync(HttpClient caller, Place place, string command)
    {
        var (at, user) = (place.Branch.Tenant.Id.Value, place.Owner.Id);
        return command switch
        {
            "AssignRole" => caller.SendAsync(
                HttpMethod.Put, "/api/v1/roles/assignments", new { userId = user, role = Roles.TenantUser, organizationId = at }),
            "AssignRoleToAccount" => caller.SendAsync(
                HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = at, role = Roles.TenantUser }),
            "DefineRole" => caller.PostAsync(
                "/api/v1/roles", new { name = "Raced", level = "Tenant", organizationId = at, permissions = new[] { "identity.users.read" } }),
            "CreateUser" => caller.PostAsync(
                "/api/v1/users", new { email = $"raced-{at}@example.com", displayName = "R", organizationId = at, role = Roles.TenantUser }),
            "CreateApiKey" => caller.PostAsync("/api/v1/api-keys", new { name = "k", organizationId = at, role = Roles.TenantUser }),
            "RotateApiKey" => caller.PostAsync($"{place.Key}/rotate", new { }),
            "CreateClient" => caller.PostAsync("/api/v1/clients", new { name = "c", organizationId = at, role = Roles.TenantUser }),
            "RotateClientSecret" => caller.PostAsync($"{place.Client}/secrets", new { }),
            "PatchClient" => caller.SendAsync(HttpMethod.Patch, place.Client, new { name = "renamed" }),
            "PatchApiKey" => caller.SendAsync(HttpMethod.Patch, place.Key, new { name = "renamed" }),
            "RevokeApiKey" => caller.SendAsync(HttpMethod.Delete, place.Key, null),
            "PatchUser" => caller.SendAsync(HttpMethod.Patch, $"/api/v1/users/{user}", new { displayName = "Renamed" }),
            "PatchSettings" => caller.SendAsync(HttpMethod.Patch, $"/api/v1/settings/branding?organizationId={at}", new { name = "Raced" }),
            "CreateLoginLink" => caller.PostAsync("/api/v1/auth/login-links", new { userId = user }),
            "CreateLoginLink of the tenant" => caller.PostAsync("/api/v1/auth/login-links", new { organizationId = at }),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, null),
        };
    }

    private async Task<Place> ArrangeAsync()
    {
        var branch = await app.BranchAsync();
        var owner = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var client = await owner.ClientAsync();
        using var key = await client.PostAsync("/api/v1/api-keys", new { name = "own", role = Roles.TenantUser });
        using var registered = await client.PostAsync(
            "/api/v1/clients", new { name = "own", organizationId = branch.Tenant.Id.Value, role = Roles.TenantUser });
        return new Place(
            branch,
            await app.PartnerAsync(branch.Platform, branch.Distributor),
            owner,
            key.Headers.Location!.ToString(),
            registered.Headers.Location!.ToString());
    }

    /// <summary>Tables that still have rows where the tenant stood.</summary>
    private Task<List<string>> LeftBehindAsync(string path) => app.InAsync<NpgsqlDataSource, List<string>>(async database =>
    {
        var left = new List<string>();
        foreach (var table in TenantMove.Moving)
        {
            await using var command = database.CreateCommand($"select exists (select from identity.{table} where owner_path = $1)");
            command.Parameters.Add(new() { Value = path });
            if ((bool)(await command.ExecuteScalarAsync(Ct))!)
                left.Add(table);
        }

        return left;
    });

    private sealed record Place(Branch Branch, OrganizationRef To, Person Owner, string Key, string Client);
}

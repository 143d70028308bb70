using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;
using Npgsql;

namespace Licensing.Identity.Tests.Users;

/// <summary>Nobody acts on a user who may do more than he.</summary>
public sealed class ManagedUsersTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_role_that_is_given_meanwhile_counts()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var person = await Person.AddAsync(branch, branch.Partner, null);
        await using var connection = await app.InAsync<NpgsqlDataSource, NpgsqlConnection>(async database => await database.OpenConnectionAsync(Ct));
        await using var giving = await connection.BeginTransactionAsync(Ct);
        await using (var give = new NpgsqlCommand(
            """
            insert into identity.role_assignments (id, user_id, role, organization_id, owner_path, created_at, version)
            values (gen_random_uuid(), $1, 'DistributorAdministrator', $2, $3, $4, 1)
            """, connection, giving)
        {
            Parameters =
            {
                new() { Value = person.Id }, new() { Value = branch.Distributor.Id.Value }, new() { Value = branch.Distributor.Path },
                new() { Value = app.Clock.GetUtcNow() },
            },
        })
            await give.ExecuteNonQueryAsync(Ct);

        var taking = partner.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { email = $"mine-{branch.Partner.Code}@example.com" });
        await app.WaitsForALockAsync(taking);
        await giving.CommitAsync(Ct);

        using var refused = await taking;
        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
    }

    [Theory]
    [InlineData("role of his organization")]
    [InlineData("custom role widened")]
    public async Task What_comes_to_a_user_meanwhile_by_others_counts(string how)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsJsonAsync("/api/v1/api-keys", new
        {
            name = "desk",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.manage", "identity.users.read" },
        }, Ct);
        using var desk = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        using var defined = await administrator.PostAsJsonAsync(
            "/api/v1/roles",
            new { name = "Small", level = "Partner", organizationId = branch.Partner.Id.Value, permissions = new[] { "identity.users.read" } },
            Ct);
        var role = new CustomRoleId((await defined.JsonAsync()).GetProperty("id").GetGuid());
        var person = await Person.AddAsync(branch, branch.Partner, "Small");

        using var refused = await app.DuringAsync(
            async sender => how == "custom role widened"
                ? (await sender.Send(new ChangeRole.Command { Id = role, Permissions = new(["identity.organizations.manage"]) }, Ct)).Refusal
                : (await sender.Send(new AssignRoleToAccount.Command(branch.Partner.Id, Roles.PartnerAdministrator), Ct)).Refusal,
            () => desk.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { displayName = "Mine" }));

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
    }

    [Fact]
    public async Task The_identities_of_who_may_do_more_are_not_taken_away()
    {
        var branch = await app.BranchAsync();
        var chief = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsync("/api/v1/api-keys", new
        {
            name = "desk",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.manage", "identity.users.read" },
        });
        using var desk = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        var identity = await app.LinkIdentityAsync(chief.Id);
        var path = $"/api/v1/users/{chief.Id}/identities/{identity}";

        using var refused = await desk.SendAsync(HttpMethod.Delete, path, null);

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Forbidden, "exceeds_own"));
        (await administrator.SendAsync(HttpMethod.Delete, path, null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }
}

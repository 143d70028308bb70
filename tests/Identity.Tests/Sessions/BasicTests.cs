using System.Net;
using System.Text;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using Licensing.Identity.Tests.Requests;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>HTTP Basic at the reseller's door, on an endpoint that asks for a permission as its methods do.</summary>
public sealed class BasicTests(BasicTests.Door app) : IClassFixture<BasicTests.Door>
{
    private const string Path = "/WebApi/ResellerService/Whoami";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public sealed class Door : ProxiedApp
    {
        protected override void Map(IEndpointRouteBuilder routes) => routes
            .MapGet(Path, (Principal principal) => principal.Access.Name)
            .WithMetadata(new SliceMetadata(typeof(Door), new RequestPolicy("identity.users.read", false, false)));
    }

    [Fact]
    public async Task A_user_and_an_api_key_get_in_with_their_rights()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        var powerless = await Person.AddAsync(branch, branch.Partner, null);
        using var made = await branch.As(Roles.PartnerAdministrator).PostAsync("/api/v1/api-keys", new { name = "erp" });
        var key = await made.JsonAsync();
        var (prefix, secret) = (key.GetProperty("prefix").GetString()!, key.GetProperty("key").GetString()!);

        (await GetAsync(person.Email, person.Password)).ShouldBe((HttpStatusCode.OK, person.Email.ToLowerInvariant()));
        (await GetAsync(prefix, secret)).ShouldBe((HttpStatusCode.OK, $"erp (lk_{prefix})"));
        (await GetAsync($"lk_{prefix}", secret)).Status.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(powerless.Email, powerless.Password)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await GetAsync("00000000", secret)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task What_is_wrong_is_refused_in_the_doors_own_words()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        var right = Encode($"{person.Email}:{person.Password}");
        foreach (var header in new[]
        {
            $"Basic {Encode($"{person.Email}:wrong")}", $"Basic {Encode("nobody@example.com:wrong")}",
            $"Basic {Encode(person.Email)}", $"Basic {Encode($":{person.Password}")}", $"Basic {Encode($"{person.Email}:")}",
            "Basic !!!", "Basic", $"Bearer {right}", $"Basic {Convert.ToBase64String([0xff, 0xfe, (byte)':', 0xff])}",
            $"Basic {Encode($"{person.Email}:{new string('x', 5_000)}")}", $"Basic {Encode($"{person.Email}\0:{person.Password}")}",
        })
        {
            using var client = app.Anonymous();
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
            client.DefaultRequestHeaders.Add("Accept", "application/json");
            using var answer = await client.GetAsync(Path, Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, header);
            answer.Headers.WwwAuthenticate.Single().ToString().ShouldStartWith("Basic realm=");
            (await answer.JsonAsync()).GetProperty("ErrorType").GetString().ShouldBe("AuthenticationFaultContract");
        }

        using var without = await app.Anonymous().GetAsync(Path, Ct);
        without.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        // Only at that door.
        using var elsewhere = app.Anonymous();
        elsewhere.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Basic {right}");
        (await elsewhere.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_password_is_hashed_once_in_a_while_and_its_change_is_noticed_at_once()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.OK);

        // Behind the product's back: with no hash that fits, only what is remembered lets him in.
        var hash = await SqlAsync(
            $"update identity.users set password_hash = 'AAAA' || password_hash where id = '{person.Id}' returning password_hash");
        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(15));
        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        await SqlAsync($"update identity.users set password_hash = '{hash[4..]}' where id = '{person.Id}' returning password_hash");

        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.OK);
        using var client = await person.ClientAsync();
        (await client.PostAsync("/api/v1/auth/password", new { currentPassword = person.Password, newPassword = "another good one" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await GetAsync(person.Email, "another good one")).Status.ShouldBe(HttpStatusCode.OK);
        // What proved someone here proves nobody elsewhere.
        using var bearer = app.Anonymous();
        bearer.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {person.Email}:another good one");
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Wrong_passwords_lock_as_at_the_log_in_and_are_not_remembered_as_right()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        for (var i = 0; i < 5; i++)
            (await GetAsync(person.Email, "wrong", "198.51.100.7")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        using (var login = app.From("198.51.100.7"))
            for (var i = 0; i < 5; i++)
                await login.PostAsync("/api/v1/auth/login", new { email = person.Email, password = "wrong" });

        (await GetAsync(person.Email, person.Password, "198.51.100.7")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await GetAsync(person.Email, person.Password, "198.51.100.8")).Status.ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        (await GetAsync(person.Email, person.Password, "198.51.100.7")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Guesses_at_all_accounts_count_as_at_the_log_in_and_right_passwords_are_none()
    {
        const string from = "198.51.100.9";
        var branch = await app.BranchAsync();
        for (var i = 0; i < 3; i++)
        {
            var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
            (await GetAsync(person.Email, person.Password, from)).Status.ShouldBe(HttpStatusCode.OK);
        }

        var known = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        for (var i = 0; i < 100; i++)
            (await GetAsync($"none-{i}@example.com", "wrong", from)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        (await GetAsync(known.Email, known.Password, from)).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        using var login = app.From(from);
        using var refused = await login.PostAsync("/api/v1/auth/login", new { email = known.Email, password = known.Password });
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Where_a_second_factor_is_set_up_a_password_alone_opens_nothing()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        using var client = await person.ClientAsync();
        using var started = await client.PostAsync("/api/v1/auth/mfa", new { password = person.Password });
        var code = Totp.CodeOf((await started.JsonAsync()).GetProperty("secret").GetString()!, app.Clock.GetUtcNow());
        (await client.PostAsync("/api/v1/auth/mfa/confirm", new { code })).StatusCode.ShouldBe(HttpStatusCode.OK);

        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_password_that_is_changed_while_it_is_looked_at_opens_nothing()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        await using var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        // Of these it asks when the password has held, and before it reads who he is.
        await using (var hold = new NpgsqlCommand("lock table identity.settings", connection, transaction))
            await hold.ExecuteNonQueryAsync(Ct);
        var asked = GetAsync(person.Email, person.Password);
        await app.WaitsForALockAsync(asked);

        await using (var change = new NpgsqlCommand(
            $"update identity.users set password_number = password_number + 1 where id = '{person.Id}'", connection, transaction))
            (await change.ExecuteNonQueryAsync(Ct)).ShouldBe(1);
        await transaction.CommitAsync(Ct);

        (await asked).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_first_password_opens_nothing()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader, mustChange: true);

        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task An_oauth_client_gets_in_with_its_id_and_secret_until_it_is_revoked()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var made = await partner.PostAsync(
            "/api/v1/clients", new { name = "erp", organizationId = branch.Partner.Id.Value, role = Roles.PartnerReader });
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        var body = await made.JsonAsync();
        var (id, secret) = (
            body.EnumerateObject().First().Value.GetString()!,
            body.EnumerateObject().Single(p => p.Value.ToString().StartsWith("lcs_")).Value.GetString()!);

        (await GetAsync(id, secret)).ShouldBe((HttpStatusCode.OK, "erp (client)"));
        (await GetAsync(id, secret[..^1] + (secret[^1] == 'A' ? 'B' : 'A'))).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await GetAsync($"{Guid.Empty}", secret)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        await partner.SendAsync(HttpMethod.Delete, $"/api/v1/clients/{id}", null);
        (await GetAsync(id, secret)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Where_the_settings_forbid_passwords_or_ask_for_a_second_factor_a_password_opens_nothing()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        var careful = await Person.AddAsync(other, other.Partner, Roles.PartnerReader);
        (await GetAsync(person.Email, person.Password)).Status.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(careful.Email, careful.Password)).Status.ShouldBe(HttpStatusCode.OK);
        await SetAsync(branch, new { passwordLogin = false });
        await SetAsync(other, new { mfaRequired = "All" });
        app.Clock.Advance(TimeSpan.FromSeconds(15));

        (await GetAsync(person.Email, person.Password)).Status.ShouldBeOneOf(HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden);
        (await GetAsync(careful.Email, careful.Password)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        static async Task SetAsync(Branch branch, object values)
        {
            using var answer = await branch.Administrator().SendAsync(
                HttpMethod.Patch, $"/api/v1/settings/identity?organizationId={branch.Partner.Id.Value}", values);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string name, string password, string? from = null)
    {
        using var client = from is null ? app.Anonymous() : app.From(from);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Basic {Encode($"{name}:{password}")}");
        using var answer = await client.GetAsync(Path, Ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private Task<string> SqlAsync(string sql) => app.InAsync<NpgsqlDataSource, string>(async database =>
    {
        await using var command = database.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    });
}

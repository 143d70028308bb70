using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests.Sessions;

public sealed class AccessTokenTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_token_is_verifiable_with_the_published_key()
    {
        var (token, _) = await TokenAsync();
        var parts = token.Split('.');
        var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0])).RootElement;
        header.GetProperty("alg").GetString().ShouldBe("ES256");
        header.GetProperty("typ").GetString().ShouldBe("at+jwt");

        var key = (await app.Anonymous().GetJsonAsync("/.well-known/jwks.json")).GetProperty("keys")[0];
        key.GetProperty("kid").GetString().ShouldBe(header.GetProperty("kid").GetString());
        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint
            {
                X = Base64Url.DecodeFromChars(key.GetProperty("x").GetString()),
                Y = Base64Url.DecodeFromChars(key.GetProperty("y").GetString()),
            },
        });
        ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256)
            .ShouldBeTrue();
        key.TryGetProperty("d", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_token_ends_after_fifteen_minutes()
    {
        var (token, _) = await TokenAsync();
        using var client = app.Bearer(token);

        app.Clock.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_role_that_is_given_or_taken_counts_at_once()
    {
        var (token, person) = await TokenAsync();
        using var client = app.Bearer(token);
        using var administrator = person.Branch.Administrator();
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        var assignment = (await administrator.GetJsonAsync($"/api/v1/users/{person.Person.Id}")).GetProperty("roles")[0].GetProperty("id").GetGuid();

        using var taken = await administrator.SendAsync(HttpMethod.Delete, $"/api/v1/roles/assignments/{assignment}", null, key: "take");
        taken.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Forbidden);
        using var given = await administrator.SendAsync(HttpMethod.Put, "/api/v1/roles/assignments",
            new { userId = person.Person.Id, role = Roles.TenantAdministrator, organizationId = person.Branch.Tenant.Id.Value });
        given.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_token_of_a_host_whose_clock_is_ahead_is_good_at_once()
    {
        app.Clock.Advance(TimeSpan.FromHours(1));
        var (token, _) = await TokenAsync();
        using var client = app.Bearer(token);

        app.Clock.SetBack(TimeSpan.FromMinutes(1));
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        app.Clock.SetBack(TimeSpan.FromSeconds(1));
        // Elsewhere, where nobody remembers it.
        await using var other = await app.StartSecondHostAsync();
        using var elsewhere = other.Anonymous();
        elsewhere.DefaultRequestHeaders.Authorization = client.DefaultRequestHeaders.Authorization;
        (await elsewhere.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task After_a_reset_a_log_in_at_a_host_whose_clock_is_behind_is_good_and_what_was_before_is_not()
    {
        app.Clock.Advance(TimeSpan.FromHours(1));
        var (token, (_, person)) = await TokenAsync();
        await person.ResetAsync();

        app.Clock.SetBack(TimeSpan.FromSeconds(30));
        using var client = await person.ClientAsync();

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        using var before = app.Bearer(token);
        (await before.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_carries_the_number_of_the_password_under_which_it_was_made()
    {
        var (token, (_, person)) = await TokenAsync();
        // The number alone: his log-in stands.
        (await app.RowsAsync($"update identity.users set password_number = password_number + 1 where id = '{person.Id}' returning 'changed'"))
            .ShouldBe(["changed"]);

        using var client = app.Bearer(token);

        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        using var anew = await person.ClientAsync();
        (await anew.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
    }

    private async Task<(string Token, (Branch Branch, Person Person) Of)> TokenAsync()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        return ((await person.LoginAsync()).GetProperty("accessToken").GetString()!, (branch, person));
    }
}

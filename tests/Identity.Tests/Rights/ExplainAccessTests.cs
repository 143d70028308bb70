using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Rights;

/// <summary><c>ops access explain</c> and <c>ops credentials …</c>, through the commands that the terminal runs.</summary>
public sealed class ExplainAccessTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_users_rights_are_told_with_the_role_and_the_node_they_come_from()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerReader);
        await branch.Administrator().SendAsync(
            HttpMethod.Put, "/api/v1/roles/account-assignments", new { organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
        var at = $"partner {branch.Partner.Code} {branch.Partner.DisplayName}";

        (await ExplainAsync(("--user", person.Email), ("--permission", "identity.users.read"))).ShouldBe(
            [
                $"identity.users.read|yes||PartnerReader|given to him|{at}",
                $"identity.users.read|yes||PartnerAdministrator|held by his organization|{at}",
            ],
            ignoreOrder: true);
        (await ExplainAsync(("--user", person.Email), ("--permission", "identity.users.manage"))).ShouldBe(
            [$"identity.users.manage|yes||PartnerAdministrator|held by his organization|{at}"]);
        (await ExplainAsync(("--user", person.Email), ("--permission", "identity.distributors.manage"))).ShouldBe(
            ["identity.distributors.manage|no|No role of his includes it.|||"]);
        (await MayManageUsersAsync(branch.Tenant)).ShouldContain("|yes|");
        (await MayManageUsersAsync(branch.Distributor)).ShouldContain("|no|The role does not reach that organization.|");

        await branch.Administrator().PostAsync($"/api/v1/partners/{branch.Partner.Id.Value}/suspend", new { reason = "x" });
        (await ExplainAsync(("--user", person.Email), ("--permission", "identity.users.manage")))[0].ShouldContain("|no|");
        (await ExplainAsync(("--user", person.Email), ("--permission", "identity.users.read")))[0].ShouldContain("|yes|");

        async Task<string> MayManageUsersAsync(OrganizationRef organization) => (await ExplainAsync(
            ("--user", person.Email), ("--permission", "identity.users.manage"), ("--organization", $"{organization.Id.Value}")))[0];
    }

    [Fact]
    public async Task A_keys_scopes_its_end_and_its_revocation_are_told_without_using_it()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var made = await partner.PostAsync(
            "/api/v1/api-keys", new { name = "k", role = Roles.PartnerAdministrator, scopes = new[] { "identity.users.read" } });
        var key = await made.JsonAsync();
        var (prefix, id) = (key.GetProperty("prefix").GetString()!, key.GetProperty("id").GetGuid());

        (await ExplainAsync(("--key", $"lk_{prefix}"), ("--permission", "identity.users.read")))[0].ShouldContain("|yes||PartnerAdministrator|");
        (await ExplainAsync(("--key", prefix), ("--permission", "identity.users.manage")))[0].ShouldContain("|no|The key's scopes leave it out.|");
        (await partner.GetJsonAsync($"/api/v1/api-keys/{id}")).GetProperty("lastUsedAt").ValueKind.ShouldBe(JsonValueKind.Null);

        (await RunAsync("credentials revoke", ("id", $"{id}"))).GetProperty("kind").GetString().ShouldBe("api-key");
        (await ExplainAsync(("--key", prefix), ("--permission", "identity.users.read")))[0].ShouldContain("|no|The key is revoked.|");
        using var client = app.Bearer(key.GetProperty("key").GetString()!);
        (await client.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.Unauthorized);
        (await RefusedAsync("credentials revoke", ("id", $"{id}"))).ShouldBe("already_revoked");
    }

    [Fact]
    public async Task A_client_is_listed_explained_and_revoked_as_a_key_is()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var made = await partner.PostAsync("/api/v1/clients", new
        {
            name = "nightly",
            organizationId = branch.Partner.Id.Value,
            role = Roles.PartnerAdministrator,
            scopes = new[] { "identity.users.read" },
        });
        var id = (await made.JsonAsync()).GetProperty("id").GetGuid();
        var at = $"partner {branch.Partner.Code} {branch.Partner.DisplayName}";

        (await ExplainAsync(("--client", $"{id}"), ("--permission", "identity.users.read"))).ShouldBe(
            [$"identity.users.read|yes||PartnerAdministrator|client, narrowed by its scopes|{at}"]);
        (await ExplainAsync(("--client", $"{id}"), ("--permission", "identity.users.manage")))[0]
            .ShouldContain("|no|The client's scopes leave it out.|");
        (await ListAsync(branch)).ShouldBe(["client nightly PartnerAdministrator: identity.users.read valid"]);

        (await RunAsync("credentials revoke", ("id", $"{id}"))).GetProperty("kind").GetString().ShouldBe("client");
        (await ListAsync(branch)).ShouldBe(["client nightly PartnerAdministrator: identity.users.read revoked"]);
        (await ExplainAsync(("--client", $"{id}"), ("--permission", "identity.users.read")))[0].ShouldContain("|no|The client is revoked.|");
    }

    private async Task<string[]> ListAsync(Branch branch) =>
        Lines(await RunAsync("credentials list", ("--organization", $"{branch.Partner.Id.Value}")), ' ', "kind", "name", "rights", "state");

    [Fact]
    public async Task Credentials_of_an_organization_are_listed_and_a_certificate_is_revoked()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var rsa = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=listed", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await partner.PostAsync("/api/v1/api-keys", new { name = "erp", scopes = new[] { "identity.users.read" } });
        using var enrolled = await partner.PostAsync(
            "/api/v1/certificates", new { organizationId = branch.Partner.Id.Value, pem = certificate.ExportCertificatePem() });
        var id = (await enrolled.JsonAsync()).GetProperty("id").GetGuid();

        (await ListAsync(branch)).ShouldBe(
            ["api-key erp PartnerReader: identity.users.read valid", "certificate CN=listed licence updates v2 valid"], ignoreOrder: true);
        (await RunAsync("credentials revoke", ("id", $"{id}"))).GetProperty("kind").GetString().ShouldBe("certificate");
        (await ListAsync(branch)).ShouldContain("certificate CN=listed licence updates v2 revoked");
    }

    [Theory]
    [InlineData("wrong_argument", "access explain", "")]
    [InlineData("wrong_argument", "access explain", "--user a@example.com --key x")]
    [InlineData("wrong_argument", "access explain", "--user admin@platform.example --permission no.such")]
    [InlineData("wrong_argument", "access explain", "--user admin@platform.example --organization x")]
    [InlineData("wrong_argument", "access explain", "--client x")]
    [InlineData("wrong_argument", "access explain", "--client 019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01 --key x")]
    [InlineData("client_not_found", "access explain", "--client 019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01")]
    [InlineData("user_not_found", "access explain", "--user nobody@example.com")]
    [InlineData("api_key_not_found", "access explain", "--key 00000000")]
    [InlineData("wrong_argument", "credentials list", "--limit 0")]
    [InlineData("wrong_argument", "credentials list", "--organization x")]
    [InlineData("wrong_argument", "credentials revoke", "id x")]
    [InlineData("credential_not_found", "credentials revoke", "id 019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01")]
    public async Task What_is_wrongly_typed_or_unknown_is_refused(string code, string command, string arguments) =>
        (await RefusedAsync(command, [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).Chunk(2).Select(a => (a[0], a[1]))]))
            .ShouldBe(code);

    private async Task<string[]> ExplainAsync(params (string Name, string Value)[] arguments) =>
        Lines(await RunAsync("access explain", arguments), '|', "permission", "may", "why", "role", "from", "heldAt");

    private static string[] Lines(JsonElement rows, char between, params string[] names) =>
        [.. rows.EnumerateArray().Select(r => string.Join(between, names.Select(n => r.GetProperty(n).GetString())))];

    private async Task<JsonElement> RunAsync(string name, params (string Name, string Value)[] arguments)
    {
        (await SendAsync(name, arguments)).Refused(out var refusal, out var answer).ShouldBeFalse(refusal?.Message);
        return JsonSerializer.SerializeToElement(answer!.Value, ApiJson.Options);
    }

    private async Task<string> RefusedAsync(string name, params (string Name, string Value)[] arguments) =>
        (await SendAsync(name, arguments)).Refusal!.Code;

    private async Task<Result<OpsAnswer>> SendAsync(string name, (string Name, string Value)[] arguments)
    {
        var command = app.Services.GetServices<OpsCommand>().Single(c => c.Name == name);
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        return await command.RunAsync(
            new OpsCall(scope.ServiceProvider, arguments.ToDictionary(a => a.Name, a => (IReadOnlyList<string>)[a.Value])),
            TestContext.Current.CancellationToken);
    }
}

using System.Net;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;

namespace Licensing.Identity.Tests.Rights;

/// <summary>A custom role is deleted at the moment in which it is given: one of the two waits for the other and is refused.</summary>
public sealed class DeletingRaceTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("user")]
    [InlineData("account")]
    [InlineData("client")]
    public async Task Who_deletes_a_role_waits_for_who_gives_it_and_is_told_that_it_is_held(string to)
    {
        var (branch, role, person) = await ArrangeAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var deleted = await app.DuringAsync(Giving(to, branch, person), () => partner.SendAsync(HttpMethod.Delete, role, null));

        (deleted.StatusCode, await deleted.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "role_in_use"));
        (await partner.StatusAsync(role)).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/api/v1/roles/assignments")]
    [InlineData("/api/v1/roles/account-assignments")]
    [InlineData("/api/v1/clients")]
    public async Task Who_gives_a_role_waits_for_who_deletes_it_and_does_not_find_it(string path)
    {
        var (branch, role, person) = await ArrangeAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var at = branch.Partner.Id.Value;

        using var given = await app.DuringAsync(
            async sender => (await sender.Send(new DeleteRole.Command(new CustomRoleId(Guid.Parse(role.Split('/')[^1]))), Ct)).Refusal,
            () => path switch
            {
                "/api/v1/roles/assignments" => partner.SendAsync(
                    HttpMethod.Put, path, new { userId = person.Id, role = "Desk", organizationId = at }),
                "/api/v1/clients" => partner.PostAsync(path, new { name = "c", role = "Desk", organizationId = at }),
                _ => partner.SendAsync(HttpMethod.Put, path, new { role = "Desk", organizationId = at }),
            });

        given.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await given.FieldErrorAsync()).Code.ShouldBe("unknown_role");
    }

    [Theory]
    [InlineData("/api/v1/roles/assignments")]
    [InlineData("/api/v1/clients")]
    public async Task Who_gives_a_role_does_not_find_another_of_its_name_that_was_defined_meanwhile(string path)
    {
        var (branch, role, person) = await ArrangeAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var at = branch.Partner.Id.Value;
        using var refused = await app.DuringAsync(ReplaceAsync, GiveAsync);

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "concurrent_change"));
        using var again = await GiveAsync();
        again.IsSuccessStatusCode.ShouldBeTrue();

        async Task<Refusal?> ReplaceAsync(ISender sender)
        {
            var (id, permissions) = (new CustomRoleId(Guid.Parse(role.Split('/')[^1])), new[] { "identity.api_keys.read" });
            return (await sender.Send(new DeleteRole.Command(id), Ct)).Refusal
                ?? (await sender.Send(new DefineRole.Command("Desk", OrganizationKind.Partner, branch.Partner.Id, permissions), Ct)).Refusal;
        }

        Task<HttpResponseMessage> GiveAsync() => path == "/api/v1/clients"
            ? partner.PostAsync(path, new { name = "c", role = "Desk", organizationId = at })
            : partner.SendAsync(HttpMethod.Put, path, new { userId = person.Id, role = "Desk", organizationId = at });
    }

    private static Func<ISender, Task<Refusal?>> Giving(string to, Branch branch, Person person) => async sender => to switch
    {
        "user" => (await sender.Send(new AssignRole.Command(new UserId(person.Id), "Desk", branch.Partner.Id), Ct)).Refusal,
        "account" => (await sender.Send(new AssignRoleToAccount.Command(branch.Partner.Id, "Desk"), Ct)).Refusal,
        _ => (await sender.Send(new CreateClient.Command("c", "Desk", branch.Partner.Id), Ct)).Refusal,
    };

    private async Task<(Branch Branch, string Role, Person Person)> ArrangeAsync()
    {
        var branch = await app.BranchAsync();
        using var defined = await branch.As(Roles.PartnerAdministrator).PostAsync(
            "/api/v1/roles",
            new { name = "Desk", level = "Partner", organizationId = branch.Partner.Id.Value, permissions = new[] { "identity.users.read" } });
        return (branch, defined.Headers.Location!.ToString(), await Person.AddAsync(branch, branch.Partner, null));
    }
}

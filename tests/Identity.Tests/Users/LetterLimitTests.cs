using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Tests.Credentials;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Users;

/// <summary>Our mails are not for writing to strangers.</summary>
public sealed class LetterLimitTests(LetterLimitTests.Strict app) : IClassFixture<LetterLimitTests.Strict>
{
    private static int _last;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public sealed class Strict : App
    {
        protected override void Configure(WebApplicationBuilder builder) =>
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Security:Letters:PerRecipient"] = "3",
                ["Security:Letters:PerPrincipal"] = "5",
                ["Security:Letters:PerOrganization"] = "7",
            });
    }

    [Fact]
    public async Task One_address_gets_so_many_within_an_hour_whoever_has_them_sent()
    {
        var branch = await app.BranchAsync();
        using var first = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var second = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        var victim = Address();
        using var invited = await InviteAsync(first, branch, victim);
        var path = invited.Headers.Location!.ToString();
        (await first.PostAsync($"{path}/invitation", body: null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await second.PostAsync($"{path}/invitation", body: null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        using var refused = await second.PostAsync($"{path}/invitation", body: null);

        (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.TooManyRequests, "too_many_letters"));
        refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromHours(1));
        await app.DrainAsync();
        app.Mailbox.To(victim).Count.ShouldBe(3);
        app.Clock.Advance(TimeSpan.FromHours(1));
        using var again = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        (await again.PostAsync($"{path}/invitation", body: null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task One_sender_writes_so_many_whomever_to_and_a_change_that_cannot_be_told_is_not_made()
    {
        var branch = await app.BranchAsync();
        using var sender = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var other = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantUser);
        for (var i = 0; i < 5; i++)
            (await InviteAsync(sender, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.Created);

        (await InviteAsync(sender, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        using var changed = await sender.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { email = Address() });
        changed.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        var administrator = new { email = Address(), displayName = "X" };
        using var opened = await sender.PostAsync(
            "/api/v1/tenants", new { externalId = "X", displayName = "X", partnerId = branch.Partner.Id.Value, administrator });
        opened.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);

        (await branch.Administrator().GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("email").GetString()
            .ShouldBe(person.Email.ToLowerInvariant());
        (await InviteAsync(other, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await sender.SendAsync(HttpMethod.Patch, $"/api/v1/users/{person.Id}", new { displayName = "No letter" })).StatusCode
            .ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task More_senders_of_one_organization_do_not_write_more()
    {
        var branch = await app.BranchAsync();
        using var sender = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var made = await sender.PostAsync("/api/v1/api-keys", new { name = "k", role = Roles.PartnerAdministrator });
        using var key = app.Bearer((await made.JsonAsync()).GetProperty("key").GetString()!);
        for (var i = 0; i < 5; i++)
            (await InviteAsync(sender, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.Created);
        for (var i = 0; i < 2; i++)
            (await InviteAsync(key, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.Created);

        (await InviteAsync(key, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);

        using var above = await (await Person.AddAsync(branch, branch.Distributor, Roles.DistributorAdministrator)).ClientAsync();
        (await InviteAsync(above, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_customers_password_is_not_set_more_often_than_he_can_be_told()
    {
        var branch = await app.BranchAsync();
        var customer = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var sender = await (await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator)).ClientAsync();
        using var area = await sender.CustomerAreaAsync(app);
        for (var i = 0; i < 3; i++)
            (await SetAsync(i)).ShouldBe(HttpStatusCode.OK);

        (await SetAsync(3)).ShouldBe(HttpStatusCode.TooManyRequests);

        await app.DrainAsync();
        app.Mailbox.To(customer.Email).Count.ShouldBe(3);
        await (customer with { Password = "some pass phrase 2" }).LoginAsync();

        async Task<HttpStatusCode> SetAsync(int number)
        {
            using var answer = await area.PostAsync(
                "/customerarea/customers/password", new { customer_code = branch.Tenant.Code, password = $"some pass phrase {number}" });
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Notices_of_one_sender_and_of_one_organisation_wait_too_and_take_no_letter_its_place()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.As(Roles.PartnerAdministrator);
        var (first, second) = (
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator),
            await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator));
        var now = app.Clock.GetUtcNow();
        for (var i = 0; i < 5; i++)
            (await TurnAsync(first)).ShouldBe(now);

        using var client = await first.ClientAsync();
        (await InviteAsync(client, branch, Address())).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await TurnAsync(first)).ShouldBe(now.AddHours(1));
        // The sixth and the seventh of the organisation in this hour, and one too many.
        (await TurnAsync(second)).ShouldBe(now);
        (await TurnAsync(second)).ShouldBe(now);
        (await TurnAsync(second)).ShouldBe(now.AddHours(1));

        // When a customer of his own may be told.
        async Task<DateTimeOffset> TurnAsync(Person by)
        {
            var email = Address();
            using var made = await administrator.PostAsync(
                "/api/v1/tenants", new { partnerId = branch.Partner.Id.Value, externalId = email, displayName = "X", contact = new { email } });
            made.StatusCode.ShouldBe(HttpStatusCode.Created);
            var tenant = new OrganizationId((await made.JsonAsync()).GetProperty("id").GetGuid());
            await using var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Principal>().Become(await app.AccessAsync(by));
            var session = scope.ServiceProvider.GetRequiredService<DbSession>();
            await session.BeginAsync(Ct);
            var turn = (await scope.ServiceProvider.GetRequiredService<ICustomerAccounts>().TakeNoticeTurnAsync(tenant, Ct))!;
            await session.CommitAsync(Ct);
            turn.Address.ShouldBe(email);
            return turn.At;
        }
    }

    [Theory]
    [InlineData("Ada\nClick here")]
    [InlineData("Ada\u2028Click here")]
    [InlineData("Ada \u202Eereh kcilC")]
    public async Task A_name_stays_in_its_line(string displayName)
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();

        using var answer = await administrator.PostAsync(
            "/api/v1/users", new { email = Address(), displayName, organizationId = branch.Tenant.Id.Value, firstName = displayName });

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await answer.JsonAsync()).GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("pointer").GetString()} {e.GetProperty("code").GetString()}")
            .ShouldBe(["/displayName malformed", "/firstName malformed"]);
    }

    private static Task<HttpResponseMessage> InviteAsync(HttpClient by, Branch branch, string email) =>
        by.PostAsync("/api/v1/users", new { email, displayName = "Somebody", organizationId = branch.Tenant.Id.Value, invite = true });

    private static string Address() => $"letter-{Interlocked.Increment(ref _last)}@example.com";
}

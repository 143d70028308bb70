using System.Net;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Users;

/// <summary>The start on an empty database, where no setting gives the password.</summary>
public sealed class FirstStartTests(FirstStartTests.UnnamedAdministrator app) : IClassFixture<FirstStartTests.UnnamedAdministrator>
{
    public sealed class UnnamedAdministrator : App
    {
        protected override void Configure(WebApplicationBuilder builder) =>
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Platform:AdministratorPassword"] = "",
                ["Platform:AdministratorEmail"] = "Root@Example.com",
                ["Demo:Enabled"] = "true",
            });
    }

    [Fact]
    public async Task Hosts_that_start_together_make_one_administrator_and_one_tells_his_password()
    {
        var ct = TestContext.Current.CancellationToken;
        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var empty = database.CreateCommand(
                "delete from identity.role_assignments; delete from identity.users; delete from identity.signing_keys");
            return await empty.ExecuteNonQueryAsync(ct);
        });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            foreach (var preparation in app.Services.GetServices<IPreparation>())
                await preparation.PrepareAsync(ct);
        }, ct)));

        var told = app.Services.GetRequiredService<FirstStart>();
        told.AdministratorPassword!.Length.ShouldBe(24);
        told.AdministratorEmail.ShouldBe("root@example.com");
        using var login = await app.Anonymous().PostAsync(
            "/api/v1/auth/login", new { email = told.AdministratorEmail, password = told.AdministratorPassword });
        login.StatusCode.ShouldBe(HttpStatusCode.OK);
        var session = await login.JsonAsync();
        session.GetProperty("passwordChangeRequired").GetBoolean().ShouldBeFalse();
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.GetJsonAsync("/api/v1/users")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await client.PostAsync("/api/v1/distributors", new { externalId = "d", displayName = "D" })).StatusCode.ShouldBe(HttpStatusCode.Created);
    }
}

using System.Net;
using System.Text;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Licensing.Identity.Tests.Requests;

/// <summary>U+0000, which PostgreSQL keeps in no text, wherever a caller can put it.</summary>
public sealed class InvalidCharacterTests(InvalidCharacterTests.Unguarded app) : IClassFixture<InvalidCharacterTests.Unguarded>
{
    public sealed class Unguarded : App
    {
        protected override void Map(IEndpointRouteBuilder routes) => routes.MapPost(
            "/unguarded",
            async (HttpContext context, NpgsqlDataSource database) =>
            {
                await using var command = database.CreateCommand((await new StreamReader(context.Request.Body).ReadToEndAsync())!);
                await command.ExecuteNonQueryAsync();
            });
    }

    [Theory]
    [InlineData("""{"email":"a\u0000@b","password":"x"}""", "/email")]
    [InlineData("""{"email":"a@b","password":"\u0000"}""", "/password")]
    public async Task Nobody_logs_in_with_a_null_character(string body, string pointer)
    {
        using var answer = await SendAsync(app.Anonymous(), HttpMethod.Post, "/api/v1/auth/login", body);
        await ShouldPointAsync(answer, pointer);
    }

    [Theory]
    [InlineData("""{"partnerId":"PARTNER","externalId":"nul","displayName":"a\u0000"}""", "/displayName")]
    [InlineData("""{"partnerId":"PARTNER","externalId":"nul","displayName":"a","contact":{"name":"\u0000"}}""", "/contact/name")]
    [InlineData(
        """{"partnerId":"PARTNER","externalId":"nul","displayName":"a","billingAddress":{"lines":["a","\u0000"]}}""",
        "/billingAddress/lines/1")]
    public async Task No_tenant_is_opened_with_a_null_character(string body, string pointer)
    {
        var branch = await app.BranchAsync();
        using var client = branch.As(Roles.PartnerAdministrator);
        using var answer = await SendAsync(client, HttpMethod.Post, "/api/v1/tenants", body.Replace("PARTNER", $"{branch.Partner.Id.Value}"));
        await ShouldPointAsync(answer, pointer);
    }

    [Theory]
    [InlineData("""{"externalId":"\u0000"}""", "/externalId")]
    [InlineData("""{"contact":{"name":"\u0000"}}""", "/contact/name")]
    public async Task No_tenant_is_changed_to_a_null_character(string body, string pointer)
    {
        var branch = await app.BranchAsync();
        using var client = branch.As(Roles.PartnerAdministrator);
        using var answer = await SendAsync(client, HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", body);
        await ShouldPointAsync(answer, pointer);
    }

    [Theory]
    [InlineData("/api/v1/tenants?externalId=%00", "invalid_character")]
    [InlineData("/api/v1/tenants?externalId%00=x", "invalid_character")]
    [InlineData("/api/v1/users?email=a%00b", "invalid_character")]
    [InlineData("/api/v1/tenants?after=AAAA", "invalid_cursor")]
    [InlineData("/api/v1/plans?after=AGEA", "invalid_cursor")]
    public async Task A_query_with_a_null_character_is_malformed(string path, string code)
    {
        var branch = await app.BranchAsync();
        using var answer = await branch.Administrator().GetAsync(path, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.CodeAsync()).ShouldBe(code);
    }

    [Theory]
    [InlineData(@"select convert_from('\x00', 'UTF8')")]
    [InlineData("""select '"\u0000"'::jsonb""")]
    public async Task What_slips_through_to_the_database_is_the_callers_mistake(string sql)
    {
        using var answer = await SendAsync(app.Anonymous(), HttpMethod.Post, "/unguarded", sql);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.CodeAsync()).ShouldBe("invalid_character");
    }

    private static async Task ShouldPointAsync(HttpResponseMessage answer, string pointer)
    {
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.FieldErrorAsync()).Pointer.ShouldBe(pointer);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}

using System.Net;
using System.Text;

namespace Licensing.Identity.Tests.Requests;

/// <summary>Nulls where a slice expects something, inside lists and inside the fields of a PATCH.</summary>
public sealed class NullElementTests(App app) : IClassFixture<App>
{
    [Theory]
    [InlineData("/api/v1/pricing/calculate", """{"charges":[null]}""", "/charges/0")]
    [InlineData("/api/v1/commissions/schemes", """{"organizationId":"TENANT","tiers":[null]}""", "/tiers/0")]
    [InlineData(
        "/api/v1/commissions/schemes",
        """{"organizationId":"TENANT","tiers":[{"from":"0","to":null,"percent":"1"},null,null]}""",
        "/tiers/1")]
    [InlineData(
        "/api/v1/tenants",
        """{"partnerId":"TENANT","externalId":"a","displayName":"a","billingAddress":{"lines":["a",null]}}""",
        "/billingAddress/lines/1")]
    [InlineData("/api/v1/subscriptions/batch", """{"items":[null]}""", "/items/0")]
    public async Task A_null_in_a_list_is_malformed(string path, string body, string pointer)
    {
        var branch = await app.BranchAsync();
        using var answer = await SendAsync(branch, HttpMethod.Post, path, body);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.FieldErrorAsync()).Pointer.ShouldBe(pointer);
    }

    [Theory]
    [InlineData("externalId")]
    [InlineData("displayName")]
    [InlineData("country")]
    public async Task What_an_organization_must_have_cannot_be_cleared(string field)
    {
        var branch = await app.BranchAsync();
        using var answer = await SendAsync(branch, HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", $$"""{"{{field}}":null}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var error = (await answer.JsonAsync()).GetProperty("errors").EnumerateArray().ShouldHaveSingleItem();
        error.GetProperty("pointer").GetString().ShouldBe("/" + field);
    }

    [Fact]
    public async Task A_null_in_a_list_of_a_changed_field_is_malformed()
    {
        var branch = await app.BranchAsync();
        using var answer = await SendAsync(
            branch, HttpMethod.Patch, $"/api/v1/tenants/{branch.Tenant.Id.Value}", """{"billingAddress":{"lines":[null]}}""");
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.FieldErrorAsync()).Pointer.ShouldBe("/billingAddress/lines/0");
    }

    private static async Task<HttpResponseMessage> SendAsync(Branch branch, HttpMethod method, string path, string body)
    {
        using var client = branch.Administrator();
        using var request = new HttpRequestMessage(method, path)
        { Content = new StringContent(body.Replace("TENANT", $"{branch.Tenant.Id.Value}"), Encoding.UTF8, "application/json") };
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}

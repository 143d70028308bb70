using System.Net;
using System.Text.Json.Nodes;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Signed;

internal static class SignedCalls
{
    /// <summary>A request of the branch's partner for its tenant.</summary>
    /// <param name="more">Further properties, with a comma before them.</param>
    public static string Body(Branch branch, string more = "") =>
        $$"""{"ccId":{"resellerId":"{{branch.Partner.ExternalId}}","tenantId":"{{branch.Tenant.ExternalId}}"}{{more}}}""";

    /// <summary>The status, and the code of a refusal.</summary>
    public static async Task<string> CodeAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
        return answer.StatusCode is HttpStatusCode.OK ? "200" : $"{(int)answer.StatusCode} {body["code"]}";
    }
}

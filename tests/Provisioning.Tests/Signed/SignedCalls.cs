using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
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

    /// <summary>The body of a good answer.</summary>
    public static async Task<string> AnswerAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        var text = await answer.Content.ReadAsStringAsync(Ct);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, text);
        return text;
    }

    /// <summary>What lies at a path of the channel API.</summary>
    public static async Task<JsonElement> JsonAtAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, Ct);
        return await answer.JsonAsync();
    }

    /// <summary>What a good answer says has changed.</summary>
    public static async Task<string> ChangesAsync(Task<HttpResponseMessage> request) =>
        JsonNode.Parse(await AnswerAsync(request))!["changes"]!.ToJsonString(
            new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>A refusal: status, code and message.</summary>
    public static async Task<string> MessageAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
        return $"{(int)answer.StatusCode} {body["code"]} {body["message"]}";
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>What a call of the reseller service was answered, in whichever form.</summary>
internal sealed record Told(HttpStatusCode Status, string MediaType, string Text)
{
    public JsonObject Json => JsonNode.Parse(Text)!.AsObject();

    public XElement Xml => XDocument.Parse(Text).Root!;

    /// <summary>Its fault, as <c>status type message</c>.</summary>
    public string Fault => MediaType == "application/json"
        ? $"{(int)Status} {Json["ErrorType"]} {Json["ErrorDetail"]!["Message"]}"
        : $"{(int)Status} {Xml.Element("ErrorType")!.Value} {Xml.Element("ErrorDetail")!.Element("Message")!.Value}";
}

internal static class Door
{
    public const string Root = "/WebApi/ResellerService/";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    extension(HttpClient client)
    {
        public Task<Told> CallAsync(string method, object? asked, string? idempotencyKey = null) => client.CallAsync(
            method, asked is null ? null : new StringContent(JsonSerializer.Serialize(asked), Encoding.UTF8, "application/json"), "application/json",
            idempotencyKey);

        /// <summary>What a method answers that does not refuse.</summary>
        public async Task<JsonObject> DoAsync(string method, object? asked)
        {
            var told = await client.CallAsync(method, asked);
            told.Status.ShouldBe(HttpStatusCode.OK, $"{method}: {told.Text}");
            return told.Json;
        }

        public Task<Told> CallXmlAsync(string method, string xml, string? accept = null) =>
            client.CallAsync(method, new StringContent(xml, Encoding.UTF8, "application/xml"), accept);

        public async Task<Told> CallAsync(string method, HttpContent? content, string? accept, string? idempotencyKey = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, method.StartsWith('/') ? method : Root + method) { Content = content };
            if (accept is not null)
                request.Headers.TryAddWithoutValidation("Accept", accept);
            if (idempotencyKey is not null)
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            return await client.ToldAsync(request);
        }

        public async Task<Told> AskAsync(string methodAndQuery, string? accept = "application/json")
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Root + methodAndQuery);
            if (accept is not null)
                request.Headers.TryAddWithoutValidation("Accept", accept);
            return await client.ToldAsync(request);
        }

        private async Task<Told> ToldAsync(HttpRequestMessage request)
        {
            using var answer = await client.SendAsync(request, Ct);
            return new Told(answer.StatusCode, answer.Content.Headers.ContentType?.MediaType ?? "", await answer.Content.ReadAsStringAsync(Ct));
        }

        /// <summary>As partners' programs say who they are.</summary>
        public HttpClient Basic(string name, string password)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
            return client;
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Licensing.Host.Demo;

/// <summary>A partner's automation as we would write it: the public API, a key per write, errors told as the API tells them.</summary>
internal sealed class ChannelClient(HttpClient http)
{
    private const int MostTries = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private string? _credential;

    public ChannelClient With(string credential) => new(http) { _credential = credential };

    public Task<JsonObject> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, null, ct);

    /// <param name="key">Idempotency-Key: the same write again gets the first answer, whatever happened between.</param>
    public Task<JsonObject> PostAsync(string path, JsonNode? body, string? key, CancellationToken ct) =>
        SendAsync(HttpMethod.Post, path, body, key, ct);

    public Task<JsonObject> PutAsync(string path, JsonNode body, string? key, CancellationToken ct) => SendAsync(HttpMethod.Put, path, body, key, ct);

    /// <summary>All items of a list, page by page.</summary>
    public async Task<List<JsonObject>> ListAsync(string path, CancellationToken ct)
    {
        var items = new List<JsonObject>();
        for (string? after = null; ;)
        {
            var separator = path.Contains('?') ? '&' : '?';
            var page = await GetAsync($"{path}{separator}limit=200{(after is null ? "" : $"&after={after}")}", ct);
            items.AddRange(page["items"]!.AsArray().Select(i => i!.DeepClone().AsObject()));
            after = page["next"]?.GetValue<string>();
            if (after is null)
                return items;
        }
    }

    // Another run of the same month sends the same keys: what it has under way is asked for again until it is there.
    private async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonNode? body, string? key, CancellationToken ct)
    {
        using var pause = new PeriodicTimer(Pause);
        for (var tries = 1; ; tries++)
            try
            {
                return await SendOnceAsync(method, path, body, key, ct);
            }
            catch (ChannelRefusal refusal) when (refusal.Code is "idempotency_in_progress" or "concurrent_change" && tries < MostTries)
            {
                await pause.WaitForNextTickAsync(ct);
            }
    }

    private async Task<JsonObject> SendOnceAsync(HttpMethod method, string path, JsonNode? body, string? key, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path);
        if (!string.IsNullOrEmpty(_credential))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _credential);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        if (body is not null)
            request.Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        var answer = text.Length == 0 ? [] : JsonNode.Parse(text) as JsonObject ?? throw new DemoException($"{method} {path} answered {text}");
        return response.IsSuccessStatusCode ? answer : throw new ChannelRefusal(method, path, response.StatusCode, answer);
    }
}

internal class DemoException(string message) : Exception(message);

/// <summary>The API said no; <see cref="Code"/> is the stable reason.</summary>
internal sealed class ChannelRefusal(HttpMethod method, string path, HttpStatusCode status, JsonObject problem)
    : DemoException(
        $"{method} {path}: {(int)status} {problem["detail"]?.GetValue<string>()} {problem["errors"]?.ToJsonString(JsonSerializerOptions.Web)}")
{
    public HttpStatusCode Status => status;

    public string? Code => problem["code"]?.GetValue<string>();
}

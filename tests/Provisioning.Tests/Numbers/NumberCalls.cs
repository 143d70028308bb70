using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Numbers;

/// <summary>What tests of numbers send. Each works under a prefix of its own, so that those of one class share the pool and do not meet.</summary>
internal static class NumberCalls
{
    private static int _last = 1000;

    /// <summary>The first digits of numbers that no other test has: <c>+49301001</c>.</summary>
    public static string Prefix() => "+4930" + Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);

    extension(HttpClient client)
    {
        public Task<HttpResponseMessage> LoadAsync(
            string number, string type = "Geographic", string country = "DE", string? locality = null, Guid? organization = null) =>
            client.PostAsJsonAsync("/api/v1/numbers", new { number, country, type, locality, organizationId = organization }, Ct);

        public async Task<Guid> LoadedAsync(string number, string type = "Geographic", string country = "DE", Guid? organization = null)
        {
            using var answer = await client.LoadAsync(number, type, country, organization: organization);
            answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Ct));
            return (await answer.JsonAsync()).IdOf();
        }

        public Task<HttpResponseMessage> ImportAsync(string csv, bool dryRun = false, Guid? organization = null) => client.PostAsync(
            $"/api/v1/numbers/import?dryRun={(dryRun ? "true" : "false")}{(organization is { } id ? $"&organizationId={id}" : "")}",
            new StringContent(csv, Encoding.UTF8, "text/csv"), Ct);

        public Task<HttpResponseMessage> AllocateAsync(OrganizationRef tenant, params string[] numbers) =>
            client.PostAsJsonAsync("/api/v1/numbers/allocate", new { tenantId = tenant.Id.Value, numbers }, Ct);

        public Task<HttpResponseMessage> AllocateAnyAsync(OrganizationRef tenant, int count, string startsWith) =>
            client.PostAsJsonAsync("/api/v1/numbers/allocate", new { tenantId = tenant.Id.Value, count, startsWith }, Ct);

        public async Task<List<string>> AllocatedAsync(Task<HttpResponseMessage> request)
        {
            using var answer = await request;
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
            return [.. (await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(n => n.Text("number")!)];
        }

        public Task<HttpResponseMessage> ReleaseAsync(Guid id, string? reason = null) =>
            client.PostAsJsonAsync($"/api/v1/numbers/{id}/release", new { reason }, Ct);

        public async Task<JsonElement> NumberAsync(Guid id) => await (await client.GetAsync($"/api/v1/numbers/{id}", Ct)).JsonAsync();

        /// <summary>The numbers of all pages of a list.</summary>
        public async Task<List<string>> NumbersAsync(string path, int limit = 200)
        {
            var (numbers, after) = (new List<string>(), (string?)null);
            do
            {
                using var answer = await client.GetAsync(
                    $"{path}{(path.Contains('?') ? '&' : '?')}limit={limit}{(after is null ? "" : $"&after={after}")}", Ct);
                answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
                var page = await answer.JsonAsync();
                numbers.AddRange(page.GetProperty("items").EnumerateArray().Select(n => n.Text("number")!));
                after = page.Text("next");
            }
            while (after is not null);
            return numbers;
        }

        public Task<List<string>> FreeAsync(string prefix, string more = "", int limit = 200) =>
            client.NumbersAsync($"/api/v1/numbers/available?startsWith={prefix[1..]}{more}", limit);

        public async Task<List<string>> HistoryAsync(Guid id)
        {
            using var answer = await client.GetAsync($"/api/v1/numbers/{id}/history", Ct);
            return answer.StatusCode is HttpStatusCode.NotFound
                ? ["404"]
                : [.. (await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(Held)];

            static string Held(JsonElement holding) =>
                $"{holding.GetProperty("tenantId").GetGuid()} {holding.Text("from")!.Split('T')[0]} {holding.Text("until")?.Split('T')[0] ?? "-"} "
                + (holding.Text("reason") ?? "-");
        }
    }
}

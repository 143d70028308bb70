using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.CustomerArea;

internal static class AreaCalls
{
    private static int _last;

    extension(Branch branch)
    {
        public HttpClient Partner() => branch.As(Roles.PartnerAdministrator);

        /// <summary>An edition of one month.</summary>
        public async Task<string> EditionAsync(string amount = "5.00", string points = "0", int version = 0)
        {
            var code = $"M1-{Interlocked.Increment(ref _last)}";
            using var client = branch.Administrator();
            using var answer = await client.PostAsJsonAsync("/api/v1/license-editions", new
            {
                code,
                version,
                durationMonths = 1,
                quantity = "5 users",
                points,
                prices = new[] { new { amount, currency = "EUR" } },
                names = new { EN = "Business filter license", IT = "Licenza" },
            }, Ct);
            answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
            return code;
        }

        public async Task TopUpAsync(string? amount, string? points = null)
        {
            using var client = branch.As(Roles.DistributorAdministrator);
            using var answer = await client.PostAsJsonAsync("/api/v1/credit/top-ups", new
            {
                organizationId = branch.Partner.Id.Value,
                reference = $"payment {Interlocked.Increment(ref _last)}",
                amount = amount is null ? null : new { amount, currency = "EUR" },
                points,
            }, Ct);
            answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        }

        /// <summary>Balance and points as the customer area tells them.</summary>
        public async Task<string> CreditAsync()
        {
            using var client = branch.Partner();
            var content = (await client.AreaAsync("GET", "credit")).GetProperty("content");
            var (balance, points) = (content.GetProperty("balance").GetRawText(), content.GetProperty("points").GetRawText());
            return $"{balance} {content.GetProperty("currency").GetString()}, {points} points";
        }
    }

    extension(HttpClient client)
    {
        public Task<HttpResponseMessage> SendAreaAsync(string method, string path, object? parameters = null, string? key = null)
        {
            var request = new HttpRequestMessage(
                new HttpMethod(method), $"/customerarea/{path}")
            { Content = parameters is null ? null : JsonContent.Create(parameters) };
            if (key is not null)
                request.Headers.Add("Idempotency-Key", key);
            return client.SendAsync(request, Ct);
        }

        /// <summary>The body of an answer that must be good.</summary>
        public async Task<JsonElement> AreaAsync(string method, string path, object? parameters = null, string? key = null)
        {
            using var answer = await client.SendAreaAsync(method, path, parameters, key);
            var body = await answer.Content.ReadAsStringAsync(Ct);
            answer.IsSuccessStatusCode.ShouldBeTrue(body);
            return JsonDocument.Parse(body).RootElement;
        }

        /// <summary>Status and body in one line.</summary>
        public async Task<string> RefusedAreaAsync(string method, string path, object? parameters = null, string? key = null)
        {
            using var answer = await client.SendAreaAsync(method, path, parameters, key);
            return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)}";
        }

        public async Task<JsonElement> AssignAsync(Branch branch, string edition) => (await client.AreaAsync("POST", "licenses/bulk",
            new { customer_code = branch.Tenant.Code, license_code = edition, license_info = "Headquarter", accept_notifications = false }))
                .GetProperty("content");

        /// <summary>Code and state of all the customer's licences, newest first.</summary>
        public async Task<string> StatesAsync(Branch branch) => string.Join(", ",
            (await client.AreaAsync("GET", $"licenses?customer_code={branch.Tenant.Code}")).GetProperty("content").EnumerateArray().Select(State));
    }

    public static string State(this JsonElement license) => license.GetProperty("license_state").GetString()!;

    public static Guid LicenseId(this JsonElement license) => license.GetProperty("license_id").GetGuid();

    /// <summary>As an operator does at the terminal.</summary>
    public static async Task LedgerVerifiedAsync(this App app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        var command = scope.ServiceProvider.GetServices<OpsCommand>().Single(c => c.Name == "ledger verify");
        (await command.RunAsync(new OpsCall(scope.ServiceProvider, new Dictionary<string, IReadOnlyList<string>>()), Ct)).Refusal.ShouldBeNull();
    }
}

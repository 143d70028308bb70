using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Reseller;

namespace Licensing.Scenarios.Tests.Doors;

/// <summary>One partner at all four doors, and what each of them says of a tenant.</summary>
internal sealed class FourDoors : IDisposable
{
    private readonly HttpClient _partner;
    private readonly SignedCaller _signed;
    private int _last;

    private FourDoors(Branch branch, SignedCaller signed) => (Branch, _partner, _signed) = (branch, branch.As(Roles.PartnerAdministrator), signed);

    public Branch Branch { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<FourDoors> OpenAsync(App app)
    {
        var branch = await app.BranchAsync();
        return new FourDoors(branch, await SignedCaller.EnrolAsync(branch));
    }

    /// <summary>Opens a tenant of that name through a door.</summary>
    /// <returns>Its number, by which two of the doors know it; the others find it by that.</returns>
    public async Task<int> OpenAsync(string door, string name)
    {
        switch (door)
        {
            case "channel":
                return (int)(await SendAsync("POST", "/api/v1/tenants", new
                {
                    partnerId = Branch.Partner.Id.Value,
                    externalId = $"{Branch.Partner.ExternalId}-{++_last}",
                    displayName = name,
                }))["code"]!;
            case "signed":
                var tenant = $"{Branch.Partner.ExternalId}-{++_last}";
                (await SignedAsync($"\"{tenant}\",\"resellerName\":\"{Branch.Partner.DisplayName}\",\"tenantName\":\"{name}\"")).ShouldBe("{}");
                return (int)(await SendAsync("GET", $"/api/v1/tenants?externalId={tenant}"))["items"]![0]!["code"]!;
            case "area":
                return (int)(await SendAsync("POST", "/customerarea/customers/new", new
                {
                    email = $"{Branch.Partner.Code}-{++_last}@customer.example",
                    password = "maple-7-river",
                    customer_name = "Ada",
                    country_code = "DE",
                    industry_code = "education",
                    company_name = name,
                }))["content"]!["customer_code"]!;
            default:
                return (int)(await ResellerAsync("CreateAccount", new
                {
                    Name = name,
                    CountryCode = "DE",
                    CurrencyCode = "EUR",
                    ContactEmail = "it@customer.example",
                }))["AccountId"]!;
        }
    }

    /// <summary>
    /// What the four say of one tenant. The signed door has no read by its contract: an update that asks for nothing is what comes closest, and its
    /// answer says whether the customer is there and may be changed. The customer area says only whether a customer is active, and has none
    /// that is closed.
    /// </summary>
    public async Task<string> SaidAsync(int code)
    {
        var tenant = await TenantAsync(code);
        using var area = await _partner.GetAsync($"/customerarea/customers/detail?customer_code={code}", Ct);
        var customer = JsonNode.Parse(await area.Content.ReadAsStringAsync(Ct))!;
        var account = await _partner.DoAsync("GetAccount", new { AccountId = code });
        return $"channel: {tenant["displayName"]} {tenant["status"]}; signed: {await SignedAsync($"\"{tenant["externalId"]}\"")}; area: "
            + (area.IsSuccessStatusCode
                ? $"{customer["content"]!["company_name"]} {((bool)customer["content"]!["active"]! ? "active" : "not active")}"
                : $"{(int)area.StatusCode}")
            + $"; reseller: {account["Name"]} {account["Status"]}";
    }

    public async Task<JsonNode> TenantAsync(int code) => (await SendAsync("GET", $"/api/v1/tenants?code={code}"))["items"]![0]!;

    /// <summary>What a signed update says has changed, or why it is refused.</summary>
    /// <param name="tenant">The rest of <c>ccId</c>, beginning with the tenant's external id in quotation marks.</param>
    /// <param name="more">Fields beside it, with a comma before them.</param>
    public async Task<string> SignedAsync(string tenant, string more = "", HttpMethod? method = null)
    {
        using var answer = await _signed.SendAsync(
            $$"""{"ccId":{"resellerId":"{{Branch.Partner.ExternalId}}","tenantId":{{tenant}}}{{more}}}""", method);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
        return !answer.IsSuccessStatusCode ? $"{body["message"]}" : body["changes"]?.ToJsonString() ?? $"{body["status"]}";
    }

    /// <summary>
    /// The first signed update of a tenant opens a subscription, also one that asks for no seats; it keeps the tenant from being closed.
    /// </summary>
    public async Task EndSubscriptionsAsync(string tenantId)
    {
        foreach (var subscription in (await SendAsync("GET", $"/api/v1/subscriptions?tenantId={tenantId}"))["items"]!.AsArray())
            await SendAsync("POST", $"/api/v1/subscriptions/{subscription!["id"]}/cancel", new { });
    }

    public Task<JsonObject> ResellerAsync(string method, object asked) => _partner.DoAsync(method, asked);

    public async Task<string> ResellerFaultAsync(string method, object asked) => (await _partner.CallAsync(method, asked)).Fault;

    /// <summary>What the partner is answered, at whichever door, where it is not refused.</summary>
    public Task<JsonNode> SendAsync(string method, string path, object? body = null) => SendAsync(_partner, method, path, body);

    public static async Task<JsonNode> SendAsync(HttpClient client, string method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await client.SendAsync(request, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {(int)answer.StatusCode} {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public void Dispose()
    {
        _partner.Dispose();
        _signed.Dispose();
    }
}

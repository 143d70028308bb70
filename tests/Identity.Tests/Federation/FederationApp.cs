using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Tests.Federation;

/// <summary>A host that takes the word of other issuers.</summary>
public abstract class FederationApp : App
{
    private protected abstract IEnumerable<KeyValuePair<string, string?>> Providers { get; }

    protected override void Configure(WebApplicationBuilder builder) => builder.Configuration.AddInMemoryCollection(Providers);

    private protected static KeyValuePair<string, string?> Provider(string name, string setting, string value) =>
        new($"Federation:Providers:{name}:{setting}", value);

    internal Task<HttpResponseMessage> TryAsync(string provider, string idToken, string? nonce = null, string? otp = null) =>
        Anonymous().PostAsJsonAsync("/api/v1/auth/federated", new { provider, idToken, nonce, otp }, TestContext.Current.CancellationToken);

    /// <summary>Status and, when refused, the code.</summary>
    internal async Task<string> SayAsync(string provider, string idToken, string? nonce = null, string? otp = null)
    {
        using var answer = await TryAsync(provider, idToken, nonce, otp);
        return answer.IsSuccessStatusCode ? $"{(int)answer.StatusCode}" : $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
    }

    internal async Task<Person> PersonAsync() => await PersonAsync(await this.BranchAsync());

    internal static Task<Person> PersonAsync(Branch branch) => Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
}

/// <summary>Two real providers: <c>first</c> and <c>second</c>; <c>off</c> is the first one, switched off.</summary>
public sealed class OidcApp : FederationApp
{
    internal OidcProvider First { get; private set; } = null!;

    internal OidcProvider Second { get; private set; } = null!;

    private protected override IEnumerable<KeyValuePair<string, string?>> Providers =>
    [
        new("Federation:KeysFreshFor", "00:10:00"),
        new("Federation:KeysUsableFor", "00:50:00"),
        Provider("first", "Authority", First.Issuer), Provider("first", "ClientIds:0", "licensing"),
        Provider("second", "Authority", Second.Issuer), Provider("second", "ClientIds:0", "licensing"),
        Provider("off", "Authority", First.Issuer), Provider("off", "ClientIds:0", "licensing"), Provider("off", "Enabled", "false"),
    ];

    public override async ValueTask InitializeAsync()
    {
        First = await OidcProvider.StartAsync(Clock);
        Second = await OidcProvider.StartAsync(Clock);
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await First.DisposeAsync();
        await Second.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>One issuer of the test's own behind every kind of provider.</summary>
public sealed class StubApp : FederationApp
{
    public const string OurDirectory = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    internal StubIssuer Issuer { get; private set; } = null!;

    private protected override IEnumerable<KeyValuePair<string, string?>> Providers =>
    [
        new("Federation:KeysFreshFor", "00:10:00"),
        new("Federation:KeysUsableFor", "00:50:00"),
        .. On("plain", ""), Provider("plain", "ClientIds:1", "licensing-app"),
        .. On("trusted", ""), Provider("trusted", "TrustMfa", "true"),
        .. On("subjects-only", ""), Provider("subjects-only", "AllowEmailLink", "false"),
        .. On("platform", ""), Provider("platform", "LinkPlatformUsers", "true"),
        .. On("entra", "/organizations/v2.0"), Provider("entra", "Preset", "Entra"), Provider("entra", "AllowedTenants:0", OurDirectory),
        .. On("entra-email", "/organizations/v2.0"), Provider("entra-email", "Preset", "Entra"), Provider("entra-email", "AllowedTenants:0", "*"),
        Provider("entra-email", "AllowEmailLink", "true"),
        .. On("entra-one", $"/{OurDirectory}/v2.0"), Provider("entra-one", "Preset", "Entra"), Provider("entra-one", "AllowEmailLink", "true"),
        .. On("google", "/google"), Provider("google", "Preset", "Google"), Provider("google", "HostedDomains:0", "Example.com"),
        .. On("google-any", "/google"), Provider("google-any", "Preset", "Google"),
        .. On("swapped", "/swapped"),
        .. On("gone", "/gone"),
    ];

    public override async ValueTask InitializeAsync()
    {
        Issuer = await StubIssuer.StartAsync();
        Issuer.Publish("/organizations/v2.0", $"{Issuer.Address}/{{tenantid}}/v2.0", $"{Issuer.Address}/{{tenantid}}/v2.0");
        Issuer.Publish($"/{OurDirectory}/v2.0", $"{Issuer.Address}/{OurDirectory}/v2.0");
        Issuer.Publish("/google", $"{Issuer.Address}/google");
        Issuer.Publish("/swapped", $"{Issuer.Address}/swapped");
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private IEnumerable<KeyValuePair<string, string?>> On(string name, string path) =>
        [Provider(name, "Authority", Issuer.Address + path), Provider(name, "ClientIds:0", "licensing")];
}

using Licensing.Identity.Federation;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Tests.Federation;

/// <summary>Settings that cannot work stop the start, with the setting's name.</summary>
public sealed class ProviderSettingsTests
{
    [Theory]
    [InlineData("Authority", "Preset=None", "ClientIds:0=a")]
    [InlineData("Authority", "Authority=issuer.example", "ClientIds:0=a")]
    [InlineData("Authority", "Authority=http://issuer.example", "ClientIds:0=a")]
    [InlineData("Authority", "Authority=https://issuer.example?tenant=1", "ClientIds:0=a")]
    [InlineData("ClientIds", "Authority=https://issuer.example")]
    [InlineData("ClientIds", "Authority=https://issuer.example", "ClientIds:0= ")]
    [InlineData("AllowedTenants", "Preset=Entra", "ClientIds:0=a")]
    [InlineData("AllowedTenants", "Preset=Entra", "ClientIds:0=a", "AllowedTenants:0=example.com")]
    [InlineData("Authority", "Preset=Entra", "ClientIds:0=a", "Authority=https://issuer.example")]
    [InlineData("Authority", "Preset=Entra", "ClientIds:0=a", "Authority=https://issuer.example/example.com/v2.0")]
    public void A_provider_that_cannot_work_is_refused(string setting, params string[] given) =>
        Should.Throw<InvalidOperationException>(() => Read(given)).Message.ShouldStartWith($"Federation:Providers:p:{setting} ");

    [Theory]
    [InlineData("https://issuer.example", "Authority=https://issuer.example/", "ClientIds:0=a")]
    [InlineData("http://localhost:5000", "Authority=http://localhost:5000", "ClientIds:0=a")]
    [InlineData("https://accounts.google.com", "Preset=Google", "ClientIds:0=a")]
    [InlineData("https://login.microsoftonline.com/{tenantid}/v2.0", "Preset=Entra", "ClientIds:0=a", "AllowedTenants:0=*")]
    public void A_provider_names_its_issuer(string issuer, params string[] given) => Read(given).All.Single().Issuer.ShouldBe(issuer);

    [Fact]
    public void A_provider_that_is_switched_off_is_not_looked_at() => Read("Enabled=false").All.ShouldBeEmpty();

    private static IdentityProviders Read(params string[] given) => new(new ConfigurationBuilder()
        .AddInMemoryCollection(given.Select(g => g.Split('=', 2)).Select(g => KeyValuePair.Create($"Federation:Providers:p:{g[0]}", (string?)g[1])))
        .Build());
}

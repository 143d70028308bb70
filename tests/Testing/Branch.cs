using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Xunit;

namespace Licensing.Testing;

/// <summary>A branch of the tree that one test has for itself: a distributor, its partner and that one's tenant.</summary>
public sealed record Branch(App App, OrganizationRef Platform, OrganizationRef Distributor, OrganizationRef Partner, OrganizationRef Tenant)
{
    /// <summary>A caller with <paramref name="role"/>, held at this branch's organisation of the role's own level.</summary>
    public HttpClient As(string role) => As(role, role switch
    {
        _ when role.StartsWith("Platform", StringComparison.Ordinal) => Platform,
        _ when role.StartsWith("Distributor", StringComparison.Ordinal) => Distributor,
        _ when role.StartsWith("Partner", StringComparison.Ordinal) => Partner,
        _ => Tenant,
    });

    public HttpClient As(string role, OrganizationRef at) => App.As(role, at.Id.Value, at.Path);

    public HttpClient Administrator() => As(Roles.PlatformAdministrator);
}

public static class Branches
{
    private static int _last;

    extension(App app)
    {
        /// <summary>Makes a branch through the API.</summary>
        /// <param name="country">Of all three.</param>
        /// <param name="currency">Of all three.</param>
        public async Task<Branch> BranchAsync(string country = "DE", string currency = "EUR")
        {
            var platform = await app.InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(TestContext.Current.CancellationToken));
            var number = Interlocked.Increment(ref _last);
            var distributor = await app.OpenAsync(platform, "distributors", new
            {
                externalId = $"D-{number}",
                displayName = $"Distributor {number}",
                country,
                currency,
            });
            var partner = await app.PartnerAsync(platform, distributor);
            return new Branch(app, platform, distributor, partner, await app.TenantAsync(platform, partner));
        }

        /// <summary>Another partner under a distributor.</summary>
        public Task<OrganizationRef> PartnerAsync(OrganizationRef platform, OrganizationRef distributor)
        {
            var number = Interlocked.Increment(ref _last);
            return app.OpenAsync(
                platform, "partners", new { distributorId = distributor.Id.Value, externalId = $"P-{number}", displayName = $"Partner {number}" });
        }

        /// <summary>Another tenant under a partner.</summary>
        public Task<OrganizationRef> TenantAsync(OrganizationRef platform, OrganizationRef partner)
        {
            var number = Interlocked.Increment(ref _last);
            return app.OpenAsync(
                platform, "tenants", new { partnerId = partner.Id.Value, externalId = $"T-{number}", displayName = $"Tenant {number}" });
        }

        private async Task<OrganizationRef> OpenAsync(OrganizationRef platform, string level, object body)
        {
            var ct = TestContext.Current.CancellationToken;
            using var administrator = app.As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
            using var answer = await administrator.PostAsJsonAsync($"/api/v1/{level}", body, ct);
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException($"{level}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(ct)}");

            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(ct));
            var id = new OrganizationId(json.RootElement.GetProperty("id").GetGuid());
            return (await app.InAsync<IOrganizationDirectory, OrganizationRef?>(d => d.FindAsync(id, ct)))!;
        }
    }
}

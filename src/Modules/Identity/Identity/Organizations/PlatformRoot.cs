using Licensing.Identity.Contracts;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>The root of the tree, made at the first start from the settings <c>Platform:Name</c>, <c>Currency</c> and <c>Country</c>.</summary>
internal sealed class PlatformRoot(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock) : IPreparation
{
    public const int Code = 1;
    public const string Path = "1.";

    public async Task PrepareAsync(CancellationToken ct)
    {
        var currency = configuration["Platform:Currency"] ?? "USD";
        var country = configuration["Platform:Country"] ?? "US";
        if (!Currency.TryParse(currency, out _))
            throw new InvalidOperationException($"Platform:Currency '{currency}' is not an ISO 4217 code.");
        if (!Countries.Codes.Contains(country))
            throw new InvalidOperationException($"Platform:Country '{country}' is not an ISO 3166-1 alpha-2 code.");

        var now = clock.GetUtcNow();
        await using var command = database.CreateCommand(
            """
            insert into identity.organizations (id, code, kind, owner_path, external_id, display_name, country, currency, status, created_at, version)
            values ($1, $2, 'Platform', $3, 'platform', $4, $5, $6, 'Active', $7, 1)
            on conflict do nothing
            """);
        foreach (var value in new object[]
                 { Id.New<OrganizationId>(now).Value, Code, Path, configuration["Platform:Name"] ?? "Platform", country, currency, now })
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }
}

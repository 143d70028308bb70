using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Plans;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Catalog.Products;

/// <summary>
/// The contact-centre product that the signed updates and the licensing routes are about: its rules are data like any product's.
/// A later release that ships other rules replaces them at its first start; the same ones change nothing, so that what was changed since stays.
/// </summary>
internal sealed class CcaasProduct(NpgsqlDataSource database, TimeProvider clock) : IPreparation
{
    public const string Key = "ccaas";
    private const int Most = 1_000_000;
    private const string Digital = "digitalOnlySeats", Essential = "essentialSeats", Professional = "professionalSeats", Elite = "eliteSeats";
    private const string Standard = "aiMessaging.standardBundles", Advanced = "aiMessaging.advancedBundles";
    private const string Hours = "aiAudioServices.additionalHours";
    private const string Messages = "aiMessages", KnowledgeBases = "knowledgeBases", TranscriptionHours = "transcriptionHours";

    public static IReadOnlyList<FeatureRule> Features { get; } =
    [
        Seats(Digital, "Digital-only seats", 5),
        Seats(Essential, "Essential seats", 5),
        Seats(Professional, "Professional seats", 5),
        // However many elite seats there are, they bring one standard bundle; the transcription hours are per seat.
        Seats(Elite, "Elite seats", 5) with
        {
            Includes = [new(Messages, Once: 5_000), new(KnowledgeBases, Once: 2), new(TranscriptionHours, PerUnit: 48)],
        },
        Seats("workforceOptimizationSeats", "Workforce optimisation seats", 10),
        Seats("workforceManagementSeats", "Workforce management seats", 10),
        Seats("speechAnalyticsSeats", "Speech analytics seats", 5),
        Seats("dialerSeats", "Dialler seats", 10),
        new(Standard, "Standard bundles of AI messages", Maximum: Most, RequiresAny: [Professional, Elite], Excludes: [Advanced],
            Includes: [new(Messages, PerUnit: 5_000), new(KnowledgeBases, PerUnit: 2)]),
        new(Advanced, "Advanced bundles of AI messages", Maximum: Most, RequiresAny: [Professional, Elite], Excludes: [Standard],
            Includes: [new(Messages, PerUnit: 5_000), new(KnowledgeBases, PerUnit: 5)]),
        new(Hours, "Additional transcription hours", Maximum: Most, RequiresAny: [Essential, Professional, Elite],
            Includes: [new(TranscriptionHours, PerUnit: 1)]),
        // As the first generation of signed requests orders them: one by one.
        new("additionalAiMessages", "Additional AI messages", Maximum: Most, RequiresAny: [Professional, Elite],
            Includes: [new(Messages, PerUnit: 1)]),
    ];

    public async Task PrepareAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var command = database.CreateCommand("""
            insert into catalog.products as p (id, key, name, features, shipped, created_at, version) values ($1, $2, 'Contact centre', $3, $3, $4, 1)
            on conflict (key) do update set features = excluded.features, shipped = excluded.shipped, version = p.version + 1
            where p.shipped is distinct from excluded.shipped
            """);
        command.Parameters.Add(new() { Value = Id.NewGuid(now) });
        command.Parameters.Add(new() { Value = Key });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(Features, StoredJson.Options), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = now });
        await command.ExecuteNonQueryAsync(ct);
        await OfferAsync(now, ct);
    }

    // So that a signed request can be served before anyone has thought of prices. Whoever sells with prices publishes plans of his own, and
    // may retire this one.
    private async Task OfferAsync(DateTimeOffset now, CancellationToken ct)
    {
        var (plan, version) = (Id.New<PlanId>(now), Id.New<PlanVersionId>(now));
        await using var command = database.CreateCommand(
            """
            with offered as (
                insert into catalog.plans (id, key, name, product, currency, status, versions, current_version_id, created_at, version)
                values ($1, $2, $3, $2, 'EUR', 'Published', $4, $5, $6, 1)
                on conflict (key) do nothing returning id, key, name, product, currency)
            insert into catalog.plan_versions (
                id, plan_id, plan_key, number, name, product, currency, charges, uses_price_lists, trial_days, published_at)
            select $5, id, key, 1, name, product, currency, '[]', false, 0, $6 from offered
            """);
        command.Parameters.Add(new() { Value = plan.Value });
        command.Parameters.Add(new() { Value = Key });
        command.Parameters.Add(new() { Value = "Contact centre without charges" });
        command.Parameters.Add(new()
        {
            Value = JsonSerializer.Serialize<IReadOnlyList<PublishedVersion>>([new(version, 1, now)], StoredJson.Options),
            NpgsqlDbType = NpgsqlDbType.Jsonb,
        });
        command.Parameters.Add(new() { Value = version.Value });
        command.Parameters.Add(new() { Value = now });
        await command.ExecuteNonQueryAsync(ct);
    }

    private static FeatureRule Seats(string key, string name, int zeroOrMinimum) => new(key, name, Maximum: Most, ZeroOrMinimum: zeroOrMinimum);
}

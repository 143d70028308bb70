using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Licensing.Identity.Certificates;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Certificates;

/// <summary>The published keys cost a stranger's request no read, and are never many.</summary>
public sealed class PublishedKeysTests(App app) : IClassFixture<App>
{
    private const string Path = "/licensing/.well-known/jwks.json";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_asks_again_and_again_makes_the_database_work_once()
    {
        var keys = app.Services.GetRequiredService<CertificateKeys>();
        app.Clock.Advance(CertificateKeys.Fresh);
        var before = keys.Reads;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => app.Anonymous().StatusAsync(Path)));

        keys.Reads.ShouldBe(before + 1);
        app.Clock.Advance(CertificateKeys.Fresh);
        using var answer = await app.Anonymous().GetAsync(Path, Ct);
        keys.Reads.ShouldBe(before + 2);
        answer.Headers.CacheControl!.ToString().ShouldBe("public, max-age=60");
        using var conditional = new HttpRequestMessage(HttpMethod.Get, Path);
        conditional.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        (await app.Anonymous().SendAsync(conditional, Ct)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        keys.Reads.ShouldBe(before + 2);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_has_no_list_believed_for_longer()
    {
        var clock = new ManualClock(app.Clock.GetUtcNow());
        using var memory = new Licensing.Identity.Credentials.CredentialCache(clock);
        using var keys = new CertificateKeys(app.Services.GetRequiredService<NpgsqlDataSource>(), memory, clock);
        await keys.CurrentAsync(Ct);

        clock.SetBack(TimeSpan.FromHours(1));
        clock.Advance(CertificateKeys.Fresh - TimeSpan.FromTicks(1));
        await keys.CurrentAsync(Ct);
        keys.Reads.ShouldBe(1);
        clock.Advance(TimeSpan.FromTicks(1));
        await keys.CurrentAsync(Ct);
        keys.Reads.ShouldBe(2);
    }

    [Fact]
    public async Task What_one_host_revokes_or_closes_it_forgets_at_once_and_another_within_seconds()
    {
        await using var second = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        using var distributor = branch.As(Roles.DistributorAdministrator);
        var partner = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var (revoked, left) = (await EnrolAsync(distributor, partner), await EnrolAsync(distributor, partner));
        app.Clock.Advance(CertificateKeys.Fresh);
        (await PublishedAsync(second.Anonymous())).ShouldBeSubsetOf(await PublishedAsync(app.Anonymous()));
        (await PublishedAsync(second.Anonymous())).ShouldContain(revoked.Fingerprint);

        (await distributor.SendAsync(HttpMethod.Delete, revoked.Path, null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await PublishedAsync(app.Anonymous())).ShouldNotContain(revoked.Fingerprint);
        (await PublishedAsync(second.Anonymous())).ShouldContain(revoked.Fingerprint);
        (await distributor.SendAsync(HttpMethod.Delete, $"/api/v1/partners/{partner.Id.Value}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await PublishedAsync(app.Anonymous())).ShouldNotContain(left.Fingerprint);
        app.Clock.Advance(CertificateKeys.Fresh);
        var there = await PublishedAsync(second.Anonymous());
        there.ShouldNotContain(revoked.Fingerprint);
        there.ShouldNotContain(left.Fingerprint);
    }

    [Fact]
    public async Task Of_very_many_the_newest_thousand_are_published()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var one = await EnrolAsync(partner, branch.Partner);
        // Of the same key, and older than the one that was enrolled.
        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                insert into identity.certificates (
                    id, organization_id, owner_path, fingerprint,
                    profile, subject, public_key, pem, not_before, not_after, created_by, created_at, version)
                select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, organization_id, owner_path, lpad(to_hex(n), 40, '0'),
                    profile, subject, public_key, pem, not_before, not_after, created_by, created_at, 1
                from identity.certificates, generate_series(1, $2) n where fingerprint = $1
                """);
            command.Parameters.Add(new() { Value = one.Fingerprint });
            command.Parameters.Add(new() { Value = CertificateKeys.MostPublished });
            return await command.ExecuteNonQueryAsync(Ct);
        });
        app.Clock.Advance(CertificateKeys.Fresh);

        var published = await PublishedAsync(app.Anonymous());

        published.Count.ShouldBe(1_000);
        published.ShouldContain(one.Fingerprint);
        published.ShouldNotContain(1.ToString("x40"));
    }

    [Fact]
    public async Task No_branch_fills_the_list_alone()
    {
        var (branch, flooding) = (await app.BranchAsync(), await app.BranchAsync());
        var one = await EnrolAsync(branch.As(Roles.PartnerAdministrator), branch.Partner);
        var flood = await EnrolAsync(flooding.As(Roles.PartnerAdministrator), flooding.Partner);
        // Newer than the other branch's.
        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var command = database.CreateCommand(
                """
                insert into identity.certificates (
                    id, organization_id, owner_path, fingerprint,
                    profile, subject, public_key, pem, not_before, not_after, created_by, created_at, version)
                select ('ffffffff-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, organization_id, owner_path, 'f' || lpad(to_hex(n), 39, '0'),
                    profile, subject, public_key, pem, not_before, not_after, created_by, created_at, 1
                from identity.certificates, generate_series(1, $2) n where fingerprint = $1
                """);
            command.Parameters.Add(new() { Value = flood.Fingerprint });
            command.Parameters.Add(new() { Value = CertificateKeys.MostPublished });
            return await command.ExecuteNonQueryAsync(Ct);
        });
        app.Clock.Advance(CertificateKeys.Fresh);

        var published = await PublishedAsync(app.Anonymous());

        published.Count.ShouldBe(1_000);
        published.ShouldContain(one.Fingerprint);
    }

    private async Task<(string Path, string Fingerprint)> EnrolAsync(HttpClient client, OrganizationRef at)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=reseller", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(app.Clock.GetUtcNow().AddDays(-1), app.Clock.GetUtcNow().AddDays(30));
        using var answer = await client.PostAsync(
            "/api/v1/certificates", new { organizationId = at.Id.Value, pem = certificate.ExportCertificatePem() });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        return (answer.Headers.Location!.ToString(), certificate.Thumbprint.ToLowerInvariant());
    }

    private static async Task<List<string>> PublishedAsync(HttpClient client) =>
        [.. (await client.GetJsonAsync(Path)).GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("kid").GetString()!)];
}

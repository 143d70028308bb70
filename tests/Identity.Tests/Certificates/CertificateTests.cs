using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Licensing.Identity.Certificates;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Identity.Tests.FieldErrors;
using CredentialCache = Licensing.Identity.Credentials.CredentialCache;

namespace Licensing.Identity.Tests.Certificates;

public sealed class CertificateTests(App app) : IClassFixture<App>
{
    private static readonly DateTimeOffset From = new(2025, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Until = new(2027, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_self_signed_certificate_is_enrolled_published_and_revoked()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        using var certificate = SelfSigned(key);
        var fingerprint = certificate.Thumbprint.ToLowerInvariant();

        using var answer = await EnrolAsync(partner, branch.Partner, certificate.ExportCertificatePem());

        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var enrolled = await answer.JsonAsync();
        enrolled.GetProperty("fingerprint").GetString().ShouldBe(fingerprint);
        enrolled.GetProperty("notBefore").GetDateTimeOffset().ShouldBe(From);
        enrolled.GetProperty("notAfter").GetDateTimeOffset().ShouldBe(Until);
        foreach (var path in new[] { "/licensing/.well-known/jwks.json", "/api/v1/.well-known/jwks.json" })
        {
            var published = (await KeysAsync(path)).Single(k => k.GetProperty("kid").GetString() == fingerprint);
            Base64Url.DecodeFromChars(published.GetProperty("n").GetString()).ShouldBe(key.ExportParameters(false).Modulus);
            Base64Url.DecodeFromChars(published.GetProperty("e").GetString()).ShouldBe(key.ExportParameters(false).Exponent);
            published.GetProperty("kty").GetString().ShouldBe("RSA");
            published.GetProperty("alg").GetString().ShouldBe("RS256");
        }

        var id = enrolled.GetProperty("id").GetGuid();
        (await partner.GetJsonAsync($"/api/v1/certificates/{id}")).GetProperty("profile").GetString().ShouldBe("V2");
        (await partner.SendAsync(HttpMethod.Delete, $"/api/v1/certificates/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var again = await partner.SendAsync(HttpMethod.Delete, $"/api/v1/certificates/{id}", null);
        (await again.CodeAsync()).ShouldBe("already_revoked");
        (await KeysAsync("/licensing/.well-known/jwks.json")).ShouldAllBe(k => k.GetProperty("kid").GetString() != fingerprint);
        (await FindAsync(fingerprint))!.RevokedAt.ShouldBe(app.Clock.GetUtcNow());
        // A fingerprint is enrolled once, also after its end.
        using var anew = await EnrolAsync(partner, branch.Partner, certificate.ExportCertificatePem());
        (await anew.CodeAsync()).ShouldBe("certificate_enrolled");
    }

    [Fact]
    public async Task The_registry_finds_a_certificate_by_both_forms_of_the_fingerprint_and_a_v1_one_by_its_key_id()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        using var certificate = SelfSigned(key);
        var keyId = $"SERIAL-{branch.Partner.Code}";
        using var answer = await partner.PostAsync(
            "/api/v1/certificates",
            new { organizationId = branch.Partner.Id.Value, pem = certificate.ExportCertificatePem(), profile = "v1", keyId });
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var fingerprint = certificate.Thumbprint;
        var colons = string.Join(':', fingerprint.Chunk(2).Select(c => new string(c)));

        foreach (var kid in new[] { fingerprint.ToLowerInvariant(), fingerprint, colons, keyId })
        {
            var found = (await FindAsync(kid)).ShouldNotBeNull(kid);
            found.OrganizationId.ShouldBe(branch.Partner.Id);
            found.Path.ShouldBe(branch.Partner.Path);
            found.Profile.ShouldBe(CertificateProfile.V1);
            found.PublicKey.ToArray().ShouldBe(key.ExportSubjectPublicKeyInfo());
            (found.OrganizationActive, found.IsGoodAt(app.Clock.GetUtcNow()), found.IsGoodAt(From.AddSeconds(-1)), found.IsGoodAt(Until))
                .ShouldBe((true, true, false, false));
        }

        foreach (var kid in new[]
        {
            "", colons[..^1], colons + ":00", fingerprint + "\n", "' or 1=1 --", "../../etc/passwd", new string('a', 40), new string('x', 100_000),
            "\0",
        })
            (await FindAsync(kid)).ShouldBeNull(kid[..Math.Min(kid.Length, 50)]);
        await branch.Administrator().PostAsync($"/api/v1/distributors/{branch.Distributor.Id.Value}/suspend", new { reason = "x" });
        (await FindAsync(fingerprint))!.OrganizationActive.ShouldBeFalse();
    }

    [Fact]
    public async Task A_clock_that_is_set_back_has_no_revoked_one_believed_for_longer()
    {
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(branch);
        var clock = new ManualClock(app.Clock.GetUtcNow());
        using var memory = new CredentialCache(clock);
        // As another host's, which nobody tells.
        using var elsewhere = new CertificateRegistry(memory, app.Services.GetRequiredService<IServiceScopeFactory>(), clock);
        (await elsewhere.FindAsync(caller.Fingerprint, Ct))!.Certificate.RevokedAt.ShouldBeNull();
        using var administrator = branch.Administrator();
        (await administrator.DeleteAsync($"/api/v1/certificates/{caller.Id}", Ct)).EnsureSuccessStatusCode();

        elsewhere.Known(caller.Fingerprint).ShouldNotBeNull();
        clock.SetBack(TimeSpan.FromHours(1));
        clock.Advance(TimeSpan.FromSeconds(5));
        elsewhere.Known(caller.Fingerprint).ShouldBeNull();
        (await elsewhere.FindAsync(caller.Fingerprint, Ct))!.Certificate.RevokedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_certificate_of_an_authority_is_as_good_and_several_may_be_held()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var authorityKey = RSA.Create(2048);
        using var authority = SelfSigned(authorityKey);
        using var key = RSA.Create(3072);
        using var signed = Request(key, "CN=signed").Create(
            authority.SubjectName, X509SignatureGenerator.CreateForRSA(authorityKey, RSASignaturePadding.Pkcs1), From, Until, [1, 2, 3]);

        (await EnrolAsync(partner, branch.Partner, signed.ExportCertificatePem())).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await EnrolAsync(partner, branch.Partner, authority.ExportCertificatePem())).StatusCode.ShouldBe(HttpStatusCode.Created);

        var list = (await partner.GetJsonAsync($"/api/v1/certificates?organizationId={branch.Partner.Id.Value}")).GetProperty("items");
        list.GetArrayLength().ShouldBe(2);
        (await partner.GetJsonAsync($"/api/v1/certificates?fingerprint={signed.Thumbprint}")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_certificate_whose_day_has_not_come_waits_and_one_that_is_over_is_refused()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        var now = app.Clock.GetUtcNow();
        using var later = Request(key, "CN=later").CreateSelfSigned(now.AddDays(1), now.AddDays(2));
        using var over = Request(key, "CN=over").CreateSelfSigned(now.AddDays(-2), now);

        (await EnrolAsync(partner, branch.Partner, later.ExportCertificatePem())).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, over.ExportCertificatePem()))).ShouldBe("/pem expired");

        var fingerprint = later.Thumbprint.ToLowerInvariant();
        bool Published(IEnumerable<JsonElement> keys) => keys.Any(k => k.GetProperty("kid").GetString() == fingerprint);
        Published(await KeysAsync("/licensing/.well-known/jwks.json")).ShouldBeFalse();
        app.Clock.Advance(TimeSpan.FromDays(1));
        Published(await KeysAsync("/licensing/.well-known/jwks.json")).ShouldBeTrue();
        app.Clock.Advance(TimeSpan.FromDays(1));
        Published(await KeysAsync("/licensing/.well-known/jwks.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_no_fitting_certificate_is_refused_by_field_and_rule()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        using var good = SelfSigned(key);
        using var small = RSA.Create(1024);
        using var weak = Request(small, "CN=small").CreateSelfSigned(From, Until);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var elliptic = new CertificateRequest("CN=ec", curve, HashAlgorithmName.SHA256).CreateSelfSigned(From, Until);
        var pem = good.ExportCertificatePem();

        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, weak.ExportCertificatePem()))).ShouldBe("/pem key_size");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, elliptic.ExportCertificatePem()))).ShouldBe("/pem not_rsa");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, pem + "\n" + weak.ExportCertificatePem()))).ShouldBe("/pem malformed");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, pem + "\n" + key.ExportPkcs8PrivateKeyPem()))).ShouldBe("/pem private_key");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, key.ExportSubjectPublicKeyInfoPem()))).ShouldBe("/pem malformed");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, "no certificate"))).ShouldBe("/pem malformed");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")))
            .ShouldBe("/pem malformed");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, ""))).ShouldBe("/pem not_empty");
        (await ErrorAsync(await EnrolAsync(partner, branch.Partner, new string('a', 16_385)))).ShouldBe("/pem maximum_length");
        (await ErrorAsync(await EnrolAsync(partner, branch.Tenant, pem))).ShouldBe("/organizationId wrong_level");
        (await ErrorAsync(await EnrolAsync(partner, branch.Distributor, pem))).ShouldBe("/organizationId organization_not_found");
        (await ErrorAsync(await KeyIdAsync("v2", "some-id"))).ShouldBe("/keyId only_v1");
        (await ErrorAsync(await KeyIdAsync("v1", good.Thumbprint))).ShouldBe("/keyId like_fingerprint");
        (await ErrorAsync(await KeyIdAsync("v1", "with space"))).ShouldBe("/keyId regular_expression");
        (await ErrorAsync(await KeyIdAsync("v1", "with-an-end\n"))).ShouldBe("/keyId regular_expression");
        (await KeyIdAsync("v3", "x")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);

        Task<HttpResponseMessage> KeyIdAsync(string profile, string keyId) =>
            partner.PostAsync("/api/v1/certificates", new { organizationId = branch.Partner.Id.Value, pem, profile, keyId });
    }

    [Fact]
    public async Task Another_branch_sees_no_certificate_and_racing_enrolments_make_one()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var stranger = other.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        using var certificate = SelfSigned(key);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => EnrolAsync(partner, branch.Partner, certificate.ExportCertificatePem())));

        var id = (await answers.Single(a => a.StatusCode == HttpStatusCode.Created).JsonAsync()).GetProperty("id").GetGuid();
        answers.Count(a => a.StatusCode == HttpStatusCode.Conflict).ShouldBe(5);
        (await stranger.StatusAsync($"/api/v1/certificates/{id}")).ShouldBe(HttpStatusCode.NotFound);
        (await stranger.SendAsync(HttpMethod.Delete, $"/api/v1/certificates/{id}", null)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.GetJsonAsync("/api/v1/certificates")).GetProperty("items").GetArrayLength().ShouldBe(0);
        (await branch.As(Roles.PartnerReader).SendAsync(HttpMethod.Delete, $"/api/v1/certificates/{id}", null)).StatusCode
            .ShouldBe(HttpStatusCode.Forbidden);
        (await branch.As(Roles.TenantAdministrator).StatusAsync($"/api/v1/certificates/{id}")).ShouldBe(HttpStatusCode.Forbidden);
    }

    private static CertificateRequest Request(RSA key, string name) => new(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    [Fact]
    public async Task An_organization_has_twenty_that_are_good_and_nobody_fills_the_published_list()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        var enrolled = new List<string>();
        for (var i = 0; i < 19; i++)
            enrolled.Add(await EnrolledAsync());

        // Two at once are not one too many: the second waits for the first.
        using var late = await app.DuringAsync(
            async sender => (await sender.Send(new EnrolCertificate.Command(branch.Partner.Id, Another()), Ct)).Refusal,
            () => EnrolAsync(partner, branch.Partner, Another()));

        (late.StatusCode, await late.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "too_many_certificates"));
        (await partner.SendAsync(HttpMethod.Delete, enrolled[0], null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await EnrolledAsync();

        async Task<string> EnrolledAsync()
        {
            using var answer = await EnrolAsync(partner, branch.Partner, Another());
            answer.StatusCode.ShouldBe(HttpStatusCode.Created);
            return answer.Headers.Location!.ToString();
        }

        string Another()
        {
            using var certificate = SelfSigned(key);
            return certificate.ExportCertificatePem();
        }
    }

    [Fact]
    public async Task What_a_squatter_enrolled_and_lost_is_its_owners_to_enrol()
    {
        var (squatting, branch) = (await app.BranchAsync(), await app.BranchAsync());
        using var squatter = squatting.As(Roles.PartnerAdministrator);
        using var owner = branch.As(Roles.PartnerAdministrator);
        using var key = RSA.Create(2048);
        using var certificate = SelfSigned(key);
        var (pem, keyId) = (certificate.ExportCertificatePem(), $"SERIAL-{branch.Partner.Code}");
        Task<HttpResponseMessage> EnrolIt(HttpClient by, OrganizationRef at) =>
            by.PostAsync("/api/v1/certificates", new { organizationId = at.Id.Value, pem, profile = "v1", keyId });
        using var squatted = await EnrolIt(squatter, squatting.Partner);
        (await (await EnrolIt(owner, branch.Partner)).CodeAsync()).ShouldBe("certificate_enrolled");

        using var administrator = branch.Administrator();
        (await administrator.SendAsync(HttpMethod.Delete, squatted.Headers.Location!.ToString(), null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);

        (await FindAsync(keyId))!.RevokedAt.ShouldNotBeNull();
        (await EnrolIt(owner, branch.Partner)).StatusCode.ShouldBe(HttpStatusCode.Created);
        foreach (var kid in new[] { keyId, certificate.Thumbprint.ToLowerInvariant() })
            (await FindAsync(kid))!.OrganizationId.ShouldBe(branch.Partner.Id);
        (await (await EnrolIt(squatter, squatting.Partner)).CodeAsync()).ShouldBe("certificate_enrolled");
    }

    private static X509Certificate2 SelfSigned(RSA key) => Request(key, "CN=reseller").CreateSelfSigned(From, Until);

    private static Task<HttpResponseMessage> EnrolAsync(HttpClient client, OrganizationRef at, string pem) =>
        client.PostAsync("/api/v1/certificates", new { organizationId = at.Id.Value, pem, profile = "v2" });

    private Task<RegisteredCertificate?> FindAsync(string kid) =>
        app.InAsync<ICertificateRegistry, RegisteredCertificate?>(async r => (await r.FindAsync(kid, Ct))?.Certificate);

    private async Task<IEnumerable<JsonElement>> KeysAsync(string path) =>
        (await app.Anonymous().GetJsonAsync(path)).GetProperty("keys").EnumerateArray();
}

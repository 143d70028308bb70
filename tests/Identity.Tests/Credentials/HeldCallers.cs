using System.Buffers.Text;
using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Tests.Credentials;

/// <summary>Someone who asks while his credential or his right ends.</summary>
/// <param name="Branch">Where he is.</param>
/// <param name="Id">Whom it is taken from: he himself, or who made the link to his log-in.</param>
/// <param name="Client">He asks through it.</param>
internal sealed record HeldCaller(Branch Branch, Guid Id, HttpClient Client)
{
    public bool ByLink { get; init; }
    public string Email { get; init; } = "";
    public Guid Session { get; init; }
    public string Refresh { get; init; } = "";
    public int PasswordNumber { get; init; }

    /// <summary>What else the end names: an assignment, a secret, a token.</summary>
    public Guid Other { get; init; }

    public string Mailed { get; init; } = "";
    public Access Self { get; init; } = Access.System;

    /// <summary>Who ends him.</summary>
    public Access By { get; init; } = Access.System;
}

/// <summary>Arranges callers: each asks with a key, a client's token, a log-in of his own or one by a link, as his end needs it.</summary>
internal static class HeldCallers
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    extension(App app)
    {
        /// <summary>Someone who can be ended as <paramref name="how"/> says.</summary>
        public async Task<HeldCaller> HeldCallerAsync(string how)
        {
            var branch = await app.BranchAsync();
            using var administrator = branch.Administrator();
            if (how.StartsWith("key ", StringComparison.Ordinal))
                return await WithKeyAsync(app, branch, administrator);
            if (how.StartsWith("client", StringComparison.Ordinal) || how.StartsWith("secret", StringComparison.Ordinal) || how == "keys replaced")
                return await ClientAsync(app, branch, how);

            var person = await Person.AddAsync(
                branch, branch.Partner, how is "role of his account" or "custom role" ? null : Roles.PartnerAdministrator);
            var other = how switch
            {
                "role of his account" => await PutAsync(
                    administrator, "/api/v1/roles/account-assignments",
                    new { organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator }),
                "custom role" => await CustomAsync(administrator, branch, person),
                "role" or "link's maker's role" =>
                    (await administrator.GetJsonAsync($"/api/v1/users/{person.Id}")).GetProperty("roles")[0].GetProperty("id").GetGuid(),
                "identity unlinked" => await app.LinkIdentityAsync(person.Id),
                _ => Guid.Empty,
            };
            return how.StartsWith("link", StringComparison.Ordinal)
                ? await ByLinkAsync(app, branch, person) with { Other = other }
                : await LoggedInAsync(app, branch, person, how, other);
        }

        /// <summary>What a person may, as the doors read it.</summary>
        public async Task<Access> AccessAsync(Person person) => (await app.InAsync<AccessReader, Proven>(
            reader => reader.UserAsync(person.Id, null, DateTimeOffset.MaxValue, Ct))).Access!;
    }

    /// <summary>Defines a custom role of the partner's level.</summary>
    public static async Task<Guid> DefineAsync(Branch branch, string name = "Desk")
    {
        using var administrator = branch.Administrator();
        using var defined = await administrator.PostAsync("/api/v1/roles", new
        {
            name,
            level = "Partner",
            organizationId = branch.Partner.Id.Value,
            permissions = new[] { "identity.api_keys.manage", "identity.api_keys.read", "identity.users.read" },
        });
        defined.StatusCode.ShouldBe(HttpStatusCode.Created, await defined.Content.ReadAsStringAsync(Ct));
        return (await defined.JsonAsync()).GetProperty("id").GetGuid();
    }

    /// <summary>Gives a role; returns the assignment's id.</summary>
    public static async Task<Guid> PutAsync(HttpClient administrator, string path, object body)
    {
        using var answer = await administrator.SendAsync(HttpMethod.Put, path, body);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
        return (await answer.JsonAsync()).GetProperty("id").GetGuid();
    }

    private static async Task<HeldCaller> WithKeyAsync(App app, Branch branch, HttpClient administrator)
    {
        using var made = await administrator.PostAsync(
            "/api/v1/api-keys", new { name = "k", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator });
        var key = await made.JsonAsync();
        var (id, bearer) = (key.GetProperty("id").GetGuid(), app.Bearer(key.GetProperty("key").GetString()!));
        // Its use is noted by now: that waits for its row too.
        (await bearer.StatusAsync("/api/v1/users")).ShouldBe(HttpStatusCode.OK);
        return new HeldCaller(branch, id, bearer) { Self = Machine(app, branch, id, null) };
    }

    private static async Task<HeldCaller> ClientAsync(App app, Branch branch, string how)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = await OAuthClient.RegisterAsync(
            branch, branch.Partner, Roles.PartnerAdministrator, key: how == "keys replaced" ? own : null);
        var token = await client.TokenAsync();
        return new HeldCaller(branch, client.Id, app.Bearer(token))
        {
            Other = how.EndsWith("token revoked", StringComparison.Ordinal) ? Claim(token, "jti") : client.SecretId ?? Guid.Empty,
            Self = Machine(app, branch, client.Id, 0),
        };
    }

    private static async Task<HeldCaller> LoggedInAsync(App app, Branch branch, Person person, string how, Guid other)
    {
        var mailed = how == "password reset" ? await MailedAsync(app, person) : "";
        var session = how == "second factor reset" ? await WithoutCodeAsync(app, person) : await person.LoginAsync();
        var access = session.GetProperty("accessToken").GetString()!;
        var present = how == "other sessions ended" ? (await person.LoginAsync()).GetProperty("accessToken").GetString()! : access;
        var self = await app.AccessAsync(person);
        return new HeldCaller(branch, person.Id, app.Bearer(access))
        {
            Email = person.Email,
            Session = Claim(access, "sid"),
            Refresh = session.GetProperty("refreshToken").GetString()!,
            PasswordNumber = self.CredentialNumber!.Value,
            Other = how == "token revoked" ? Claim(access, "jti") : other,
            Mailed = mailed,
            Self = self,
            By = how is "own session ended" or "other sessions ended" or "password changed"
                ? self with { SessionId = Claim(present, "sid") }
                : Access.System,
        };
    }

    private static async Task<HeldCaller> ByLinkAsync(App app, Branch branch, Person maker)
    {
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        using var made = await (await maker.ClientAsync()).PostAsync("/api/v1/auth/login-links", new { userId = person.Id });
        using var redeemed = await app.RedeemAsync(made);
        return new HeldCaller(branch, maker.Id, app.Bearer((await redeemed.JsonAsync()).GetProperty("accessToken").GetString()!)) { ByLink = true };
    }

    private static async Task<string> MailedAsync(App app, Person person)
    {
        (await app.Anonymous().PostAsync("/api/v1/auth/password-reset", new { email = person.Email })).Dispose();
        await app.DrainAsync();
        return app.Mailbox.TokenFor(person.Email);
    }

    // A log-in from before the factor.
    private static async Task<JsonElement> WithoutCodeAsync(App app, Person person)
    {
        await app.ExecuteAsync("update identity.users set mfa_enabled = false where id = $1", person.Id);
        var session = await person.LoginAsync();
        await app.ExecuteAsync("update identity.users set mfa_enabled = true where id = $1", person.Id);
        return session;
    }

    private static async Task<Guid> CustomAsync(HttpClient administrator, Branch branch, Person person)
    {
        var defined = await DefineAsync(branch);
        // And the weakest role, which a key gets for which none is said.
        foreach (var role in new[] { "Desk", Roles.PartnerReader })
            await PutAsync(administrator, "/api/v1/roles/assignments", new { userId = person.Id, role, organizationId = branch.Partner.Id.Value });
        return defined;
    }

    private static Access Machine(App app, Branch branch, Guid id, int? epoch) => new()
    {
        Kind = PrincipalKind.Credential,
        Id = id,
        CredentialNumber = epoch,
        Name = "machine",
        OrganizationId = branch.Partner.Id.Value,
        Path = branch.Partner.Path,
        Grants =
        [
            new Grant(
                Roles.PartnerAdministrator, branch.Partner.Id.Value, branch.Partner.Path,
                app.Services.GetRequiredService<PermissionCatalog>().HeldBy(Roles.PartnerAdministrator).ToFrozenSet(StringComparer.Ordinal)),
        ],
    };

    /// <summary>What an access token says of <paramref name="name"/>.</summary>
    internal static Guid Claim(string token, string name) =>
        JsonDocument.Parse(Base64Url.DecodeFromChars(token.Split('.')[1])).RootElement.GetProperty(name).GetGuid();
}

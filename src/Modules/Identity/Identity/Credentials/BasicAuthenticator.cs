using System.Text;
using Licensing.Identity.ApiKeys;
using Licensing.Identity.Clients;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Credentials;

/// <summary>
/// <c>Authorization: Basic</c> (RFC 7617), for the door whose clients have nothing else: a user's name and password, an OAuth
/// client's id and secret, or an API key's prefix and the key. The password's hash is dear, so it is made once in a while for each
/// credential and never twice at once.
/// </summary>
internal sealed class BasicAuthenticator(
    CredentialGate gate, PasswordCheck check, AccessReader reader, ApiKeyProof keys, ClientReader clients, IServiceScopeFactory scopes)
    : IAuthenticator
{
    private const string Prefix = "Basic ";
    private const int LongestName = 254;

    public string Scheme => "Basic";

    public async ValueTask<Proof> AuthenticateAsync(HttpContext context, CancellationToken ct)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count == 0)
            return Proof.None;
        if (header is not [{ } value] || !value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            || Read(value[Prefix.Length..].Trim()) is not ({ } name, { } password))
            return CredentialRefusals.Invalid;
        if (ApiKeySecret.PrefixOf(password) is { } prefix && (name == prefix || name == ApiKeySecret.Mark + prefix))
            return await keys.ProveAsync(context, password, ct);

        if (Guid.TryParse(name, out var client) && password.StartsWith(ClientSecret.Mark, StringComparison.Ordinal))
            return await gate.ProveAsync(context, $"\0basic\0{name}\0{password}", (_, stop) => ClientAsync(new ClientId(client), password, stop), ct);

        var address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        // No header can hold these characters, so what proved someone here proves nobody as a bearer token.
        var proof = await gate.ProveAsync(context, $"\0basic\0{name}\0{password}", (_, stop) => ReadAsync(name, password, address, stop), ct);
        return proof.Access?.WritesRefused == SessionRefusals.PasswordChangeRequired ? SessionRefusals.PasswordChangeRequired : proof;
    }

    private async Task<Proven> ReadAsync(string name, string password, string address, CancellationToken ct)
    {
        var (tooMany, held) = await check.AtLogInAsync(name, password, null, address, ct);
        if (tooMany is not null)
            return tooMany;
        if (held is not { } proven)
            return CredentialRefusals.Invalid;
        // Told only to who knows the password; the try stays counted.
        if (proven.NeedsCode)
            return CredentialRefusals.NeedsSecondFactor;
        if (await RefusalOfAsync(proven.UserId, ct) is { } notThisWay)
            return notThisWay;
        // One that was changed meanwhile has another number.
        return await reader.UserAsync(proven.UserId.Value, proven.PasswordNumber, DateTimeOffset.MaxValue, ct);
    }

    // In a scope of its own: the request that asked first may be gone before those that wait with it.
    private async Task<Refusal?> RefusalOfAsync(UserId id, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<IdentityDb>().Users.AsNoTracking();
        if (await users.SingleOrDefaultAsync(x => x.Id == id, ct) is not { } user)
            return CredentialRefusals.Invalid;
        var rules = scope.ServiceProvider.GetRequiredService<SignInRules>();
        return await rules.RefuseAsync(user, SignIn.ByPassword(secondFactor: false), ct)
            ?? ((await rules.OfSessionAsync(user, secondFactor: false, ct)).Enrolment ? CredentialRefusals.NeedsSecondFactor : null);
    }

    private async Task<Proven> ClientAsync(ClientId id, string secret, CancellationToken ct)
    {
        if (await clients.FindAsync(id, secret, ct) is not { } client)
            return CredentialRefusals.Invalid;
        await clients.TouchAsync(client, ct);
        return new Proven(clients.AccessOf(client), null, client.ExpiresAt < client.ProvenUntil ? client.ExpiresAt : client.ProvenUntil);
    }

    private static (string Name, string Password)? Read(string encoded)
    {
        if (encoded.Length > 4 * (LongestName + PasswordPolicy.LongestInput))
            return null;
        try
        {
            var text = Strict.GetString(Convert.FromBase64String(encoded));
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            return colon is > 0 and <= LongestName && text.Length - colon - 1 is > 0 and <= PasswordPolicy.LongestInput && !text.Contains('\0')
                ? (text[..colon], text[(colon + 1)..])
                : null;
        }
        catch (Exception broken) when (broken is FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
}

using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Clients;

/// <summary>A machine that gets access tokens of its own: one role at one organisation, or a part of it.</summary>
internal sealed class Client : IOwned, IVersioned
{
    /// <summary>Secrets that are good at the same time.</summary>
    public const int MostSecrets = 5;

    private Client()
    {
    }

    public ClientId Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Name { get; private set; } = "";
    public string Role { get; private init; } = "";

    /// <summary>Null where the role is a predefined one.</summary>
    public CustomRoleId? CustomRoleId { get; private init; }

    public string[]? Scopes { get; private set; }
    public ClientAuthMethod AuthMethod { get; private init; }

    [Secret]
    public IReadOnlyList<ClientSecret> Secrets { get; private set; } = [];

    public IReadOnlyList<ClientKey> Keys { get; private set; } = [];
    public int Epoch { get; private set; }
    public Guid CreatedBy { get; private init; }

    /// <summary>
    /// Who has brought its keys (<see cref="Maker.KnownTo"/>), or knew one of its secrets when they were last changed: a transfer asks whether they
    /// stay with the tenant. Empty where nobody can say. Whose secret has ended since is left out where it is asked (<see cref="KnownClientSql"/>).
    /// </summary>
    [Secret]
    public Guid[] KnownTo { get; private set; } = [];

    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset? ExpiresAt { get; private set; }
    public DateTimeOffset? LastUsedAt { get; private init; }
    public DateTimeOffset? RevokedAt { get; private set; }
    public int Version { get; private set; }

    /// <summary>Registers a client; one with a secret gets its first.</summary>
    /// <param name="at">Where its role is held.</param>
    /// <param name="wanted">What it shall be.</param>
    /// <param name="by">Who registers it.</param>
    /// <param name="now">The instant.</param>
    public static Result<(Client Client, string? Secret)> Register(Organization at, NewClient wanted, Maker by, DateTimeOffset now)
    {
        if (at.Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        if (wanted.ExpiresAt <= now)
            return ClientRefusals.ExpiresInThePast;
        if (wanted.AuthMethod is ClientAuthMethod.PrivateKeyJwt != wanted.Keys.Count > 0)
            return wanted.Keys.Count > 0 ? ClientRefusals.KeysNotTaken : ClientRefusals.KeysMissing;

        var client = new Client
        {
            Id = Kernel.Id.New<ClientId>(now),
            OrganizationId = at.Id,
            OwnerPath = at.OwnerPath,
            Name = wanted.Name,
            Role = wanted.Role.Name,
            CustomRoleId = wanted.Role.CustomId,
            Scopes = wanted.Scopes,
            AuthMethod = wanted.AuthMethod,
            Keys = wanted.Keys,
            CreatedBy = by.Id,
            KnownTo = by.KnownTo,
            CreatedAt = now,
            ExpiresAt = wanted.ExpiresAt?.ToUniversalTime(),
            Version = 1,
        };
        if (client.AuthMethod is ClientAuthMethod.PrivateKeyJwt)
            return (client, null);
        var (secret, clear) = ClientSecret.New(by.KnownTo, now);
        client.Secrets = [secret];
        return (client, clear);
    }

    public void Rename(string name) => Name = name;

    public void Limit(string[]? scopes) => Scopes = scopes;

    public Result<Done> Expire(DateTimeOffset? at, DateTimeOffset now)
    {
        if (at <= now)
            return ClientRefusals.ExpiresInThePast;
        ExpiresAt = at?.ToUniversalTime();
        return default(Done);
    }

    /// <summary>Tokens got with the keys before end with them.</summary>
    public Result<Done> ReplaceKeys(IReadOnlyList<ClientKey> keys, Maker by)
    {
        if (AuthMethod is not ClientAuthMethod.PrivateKeyJwt)
            return ClientRefusals.KeysNotTaken;
        if (keys.Count == 0)
            return ClientRefusals.KeysMissing;
        (Keys, KnownTo) = (keys, by.KnownTo);
        Epoch++;
        return default(Done);
    }

    /// <summary>
    /// Adds a secret; those there are stay good for <paramref name="overlap"/>, so that the client can be told the new one meanwhile, and tokens
    /// that are got with them end with them.
    /// </summary>
    public Result<(ClientSecret Secret, string Clear)> RotateSecret(TimeSpan overlap, Maker by, DateTimeOffset now)
    {
        if (RevokedAt is not null)
            return ClientRefusals.AlreadyRevoked;
        if (AuthMethod is not ClientAuthMethod.ClientSecret)
            return ClientRefusals.HasNoSecrets;
        var until = now + overlap;
        var kept = Secrets.Where(s => !s.HasEnded(now))
            .Select(s => s.ExpiresAt < until ? s : s with { ExpiresAt = until })
            .Where(s => !s.HasEnded(now))
            .ToList();
        if (kept.Count >= MostSecrets)
            return ClientRefusals.TooManySecrets;
        // At once means that the one before is not trusted any more, and so is nothing that was got with it.
        if (overlap == TimeSpan.Zero)
            Epoch++;
        var (secret, clear) = ClientSecret.New(by.KnownTo, now);
        Keep([.. kept, secret]);
        return (secret, clear);
    }

    /// <summary>Takes a secret away, and the tokens with it: which of them it got is not known.</summary>
    public Result<Done> RemoveSecret(Guid secretId, DateTimeOffset now)
    {
        if (!Secrets.Any(s => s.Id == secretId && !s.HasEnded(now)))
            return ClientRefusals.SecretNotFound(secretId);
        Keep([.. Secrets.Where(s => s.Id != secretId)]);
        Epoch++;
        return default(Done);
    }

    // Of those that are gone nobody's knowing counts on. Where nobody can say who knows one of them, nobody can say it of the client.
    private void Keep(IReadOnlyList<ClientSecret> secrets)
    {
        Secrets = [.. secrets.Select(s => s.KnownTo is null ? s with { KnownTo = KnownTo } : s)];
        if (Secrets.Count > 0)
            KnownTo = Secrets.Any(s => s.KnownTo is []) ? [] : [.. Secrets.SelectMany(s => s.KnownTo!).Distinct()];
    }

    public Result<Done> Revoke(DateTimeOffset now)
    {
        if (RevokedAt is not null)
            return ClientRefusals.AlreadyRevoked;
        RevokedAt = now;
        return default(Done);
    }
}

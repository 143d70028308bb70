namespace Licensing.Identity.Clients;

internal sealed record SecretView(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

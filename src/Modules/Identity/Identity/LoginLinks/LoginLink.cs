using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.LoginLinks;

/// <summary>Logs one user in once, within minutes. Only the digest of its token is kept.</summary>
internal sealed class LoginLink : IOwned
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    private LoginLink()
    {
    }

    public Guid Id { get; private init; }
    public UserId UserId { get; private init; }
    public string OwnerPath { get; private init; } = "";

    [Secret]
    public byte[] TokenHash { get; private init; } = [];

    public Guid CreatedBy { get; private init; }

    /// <summary>The access token that it was asked for with; null where there was none, and of links from before that was kept.</summary>
    public Guid? MadeWith { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset ExpiresAt { get; private init; }
    public DateTimeOffset? UsedAt { get; private init; }

    public static (LoginLink Row, string Token) Issue(UserId user, string path, Access by, DateTimeOffset now)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (new LoginLink
        {
            Id = Kernel.Id.NewGuid(now),
            UserId = user,
            OwnerPath = path,
            TokenHash = Digest(token),
            CreatedBy = by.Id,
            MadeWith = by.TokenId,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        }, token);
    }

    public static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

internal sealed class LoginLinkMapping : IEntityTypeConfiguration<LoginLink>
{
    public void Configure(EntityTypeBuilder<LoginLink> builder) => builder.ToTable("login_links").HasKey(x => x.Id);
}

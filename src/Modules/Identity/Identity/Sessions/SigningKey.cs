using Microsoft.IdentityModel.Tokens;

namespace Licensing.Identity.Sessions;

internal sealed record SigningKey(ECDsaSecurityKey Key, DateTimeOffset CreatedAt, DateTimeOffset SignsFrom, DateTimeOffset? EndsAt)
{
    public bool HasEnded(DateTimeOffset now) => EndsAt <= now;
}

namespace Licensing.Identity.Users;

internal readonly record struct UserId(Guid Value) : IId<UserId>;

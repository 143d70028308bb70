using Licensing.Doors.Reseller;

namespace Licensing.Identity.Reseller;

/// <summary>Which user a number names.</summary>
internal static class FindAccountUser
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(int UserId) : IQuery<AccountUserRef>;

    internal sealed class Handler(AccountUsers users) : IQueryHandler<Query, AccountUserRef>
    {
        public async Task<Result<AccountUserRef>> Handle(Query query, CancellationToken cancellationToken) =>
            await users.FindAsync(query.UserId, cancellationToken) is { } found ? found : AccountRefusals.UserNotFound(query.UserId);
    }

    extension(ResellerCall call)
    {
        /// <summary>Does something with a user, and shows him as he is afterwards.</summary>
        public async Task<Result<AccountUser>> WithUserAsync<T>(int userId, Func<AccountUserRef, MediatR.IRequest<Result<T>>> command)
            where T : notnull
        {
            if ((await call.SendAsync(new Query(userId))).Refused(out var refusal, out var found)
                || (await call.SendAsync(command(found))).Refused(out refusal, out _)
                || (await call.SendAsync(new Query(userId))).Refused(out refusal, out found))
                return refusal;
            return found.User;
        }
    }

    /// <summary>This door's names of what Identity calls otherwise.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["email"] = "EmailAddress",
        ["firstName"] = "Firstname",
        ["mobilePhone"] = "MobilePhoneNumber",
        ["landlinePhone"] = "LandlinePhoneNumber",
        ["displayName"] = "Firstname",
    };
}

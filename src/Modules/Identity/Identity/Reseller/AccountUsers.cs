using System.Linq.Expressions;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Reseller;

/// <summary>A user of an account, as this door shows him.</summary>
internal sealed record AccountUser(
    int UserId, int AccountId, string? Username, string? Firstname, string? LastName, string EmailAddress, string? MobilePhoneNumber,
    string? LandlinePhoneNumber, string? Notes, bool ChangePasswordAtNextLogon, string Status, DateTimeOffset CreatedAt);

internal sealed record AccountUserRef(UserId Id, OrganizationId AccountId, AccountUser User);

/// <summary>The users of accounts within the scope of the present request; the reseller's own are none of them.</summary>
internal sealed class AccountUsers(IdentityDb db, Principal principal)
{
    private sealed class Pair
    {
        public required User User { get; init; }
        public required Organization Account { get; init; }
    }

    private static readonly Expression<Func<Pair, AccountUserRef>> Shape = x => new AccountUserRef(
        x.User.Id, x.User.OrganizationId, new AccountUser(
            x.User.Code, x.Account.Code, x.User.Username, x.User.FirstName, x.User.LastName, x.User.Email, x.User.MobilePhone, x.User.LandlinePhone,
            x.User.Notes, x.User.MustChangePassword, x.User.Status.ToString(), x.User.CreatedAt));

    public Task<AccountUserRef?> FindAsync(int userId, CancellationToken ct) =>
        All().Where(x => x.User.Code == userId).Select(Shape).SingleOrDefaultAsync(ct);

    /// <summary>Newest first, one more than asked for where there is a further page.</summary>
    public Task<List<AccountUserRef>> OfAsync(OrganizationId account, int skip, int take, CancellationToken ct) => All()
        .Where(x => x.Account.Id == account).OrderByDescending(x => x.User.Id).Skip(skip).Take(take + 1).Select(Shape).ToListAsync(ct);

    private IQueryable<Pair> All() => db.Users.AsNoTracking().Within(principal.Scope)
        .Join(
            db.Organizations.AsNoTracking().Where(x => x.Kind == OrganizationKind.Tenant), user => user.OrganizationId, account => account.Id,
            (user, account) => new Pair { User = user, Account = account });
}

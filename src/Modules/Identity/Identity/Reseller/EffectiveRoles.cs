using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Licensing.Identity.Rights;

namespace Licensing.Identity.Reseller;

/// <summary>A role that counts.</summary>
/// <param name="RoleId">Null where it is a custom one.</param>
/// <param name="Name">Its name.</param>
/// <param name="Source">Given to the user himself (<c>User</c>) or to his account (<c>Account</c>).</param>
internal sealed record EffectiveRole(int? RoleId, string Name, string Source);

/// <summary>What counts for a user: the union of what he and his account were given.</summary>
/// <param name="UserId">Whose.</param>
/// <param name="Roles">Each with where it comes from.</param>
/// <param name="Actions">What they allow together now; in a suspended account only what reads.</param>
internal sealed record UserRoles(int UserId, IReadOnlyList<EffectiveRole> Roles, IReadOnlyList<RoleAction> Actions);

/// <summary>What an account gives to each of its users.</summary>
/// <param name="AccountId">Whose.</param>
/// <param name="Roles">Those that it was given.</param>
/// <param name="Actions">What they allow together.</param>
internal sealed record AccountRoles(int AccountId, IReadOnlyList<EffectiveRole> Roles, IReadOnlyList<RoleAction> Actions);

internal static class EffectiveRoles
{
    extension(ResellerCall call)
    {
        public async Task<Result<UserRoles>> RolesOfUserAsync(AccountUserRef user)
        {
            if ((await call.SendAsync(new GetUserRoles.Query(user.Id))).Refused(out var refusal, out var held))
                return refusal;
            return new UserRoles(
                user.User.UserId, [.. held.Items.Select(x => new EffectiveRole(PredefinedRoles.IdOf(x.Role), x.Role, x.Source.ToString()))],
                Union(held.Items.SelectMany(x => x.Permissions)));
        }

        public async Task<Result<AccountRoles>> RolesOfAccountAsync(AccountRef account)
        {
            if ((await call.HeldByAccountAsync(account.Id)).Refused(out var refusal, out var held)
                || (await call.AllRolesAsync()).Refused(out refusal, out var all))
                return refusal;
            var allows = all.ToLookup(x => x.Name, x => x.Permissions, StringComparer.OrdinalIgnoreCase);
            return new AccountRoles(
                account.Account.AccountId,
                [.. held.Select(x => new EffectiveRole(PredefinedRoles.IdOf(x.Role), x.Role, nameof(RoleSource.Account)))],
                Union(held.SelectMany(x => allows[x.Role].FirstOrDefault() ?? [])));
        }

        /// <summary>Of one account; there are no more than its level has roles, and custom ones that somebody defined.</summary>
        public async Task<Result<List<AccountRoleView>>> HeldByAccountAsync(OrganizationId account)
        {
            var held = new List<AccountRoleView>();
            string? after = null;
            do
            {
                if ((await call.SendAsync(new ListAccountRoles.Query(account, null, after))).Refused(out var refusal, out var page))
                    return refusal;
                held.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null);
            return held;
        }

        private async Task<Result<List<ListRoles.RoleView>>> AllRolesAsync()
        {
            var all = new List<ListRoles.RoleView>();
            string? after = null;
            do
            {
                if ((await call.SendAsync(new ListRoles.Query(null, null, after))).Refused(out var refusal, out var page))
                    return refusal;
                all.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null);
            return all;
        }
    }

    private static IReadOnlyList<RoleAction> Union(IEnumerable<string> permissions) =>
        [.. permissions.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(x => new RoleAction(x))];
}

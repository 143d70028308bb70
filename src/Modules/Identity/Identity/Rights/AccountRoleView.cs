using System.Linq.Expressions;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Rights;

internal sealed record AccountRoleView(Guid Id, OrganizationId OrganizationId, string Role, DateTimeOffset CreatedAt)
{
    public static Expression<Func<AccountRole, AccountRoleView>> Shape { get; } =
        x => new AccountRoleView(x.Id, x.OrganizationId, x.Role, x.CreatedAt);

    public static AccountRoleView Of(AccountRole x) => new(x.Id, x.OrganizationId, x.Role, x.CreatedAt);
}

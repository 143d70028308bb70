using System.Linq.Expressions;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Reseller;

/// <inheritdoc cref="IAccounts"/>
internal sealed class Accounts(IdentityDb db, Principal principal) : IAccounts
{
    private static readonly Expression<Func<Organization, Row>> Shape = x => new Row(
        x.Id, x.OwnerPath, x.Code, x.DisplayName, x.LegalName, x.Country, x.Currency, x.Contact, x.Notes, x.Status, x.CreatedAt);

    private sealed record Row(
        OrganizationId Id, string Path, int Code, string DisplayName, string? LegalName, string Country, Currency Currency, Contact? Contact,
        string? Notes, OrganizationStatus Status, DateTimeOffset CreatedAt);

    public async Task<Result<AccountRef>> FindAsync(int accountId, CancellationToken ct) =>
        await Tenants().Where(x => x.Code == accountId).Select(Shape).SingleOrDefaultAsync(ct) is { } found
            ? RefOf(found)
            : AccountRefusals.NotFound(accountId);

    public async Task<IReadOnlyList<AccountRef>> SearchAsync(string? name, int skip, int take, CancellationToken ct)
    {
        var rows = Tenants();
        if (name is { Length: > 0 })
        {
            var beginning = ListOrganizations.Beginning(name.ToLowerInvariant());
            rows = rows.Where(x => EF.Functions.Like(x.DisplayName.ToLower(), beginning, "\\"));
        }

        return [.. (await rows.OrderByDescending(x => x.Id).Skip(skip).Take(take + 1).Select(Shape).ToListAsync(ct)).Select(RefOf)];
    }

    private IQueryable<Organization> Tenants() =>
        db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => x.Kind == OrganizationKind.Tenant);

    // What is noted of an account is not for the account.
    private AccountRef RefOf(Row x) => new(x.Id, new Account(
        x.Code, x.DisplayName, x.LegalName, x.Country, x.Currency.Code, x.Contact?.Email,
        OrganizationPath.Upwards(x.Path).Any(above => above != x.Path && principal.Scope.Contains(above)) ? x.Notes : null, x.Status.ToString(),
        x.CreatedAt));
}

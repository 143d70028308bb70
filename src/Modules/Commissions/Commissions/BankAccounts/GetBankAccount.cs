using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.BankAccounts;

/// <summary>Where an organisation is paid.</summary>
internal static class GetBankAccount
{
    [Needs(CommissionsPermissions.BankAccountsRead)]
    public sealed record Query(OrganizationId OrganizationId) : IQuery<BankAccountView>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, BankAccountView>
    {
        public async Task<Result<BankAccountView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.BankAccounts.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.OrganizationId == query.OrganizationId, cancellationToken) is { } account
                ? BankAccountView.Of(account)
                : BankAccountRefusals.NotFound(query.OrganizationId);
    }

    public static void Map(IEndpointRouteBuilder accounts) => accounts
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new OrganizationId(id)), ct))
        .Slice<Query, BankAccountView>(nameof(GetBankAccount), "Shows where an organisation is paid");
}

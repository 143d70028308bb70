using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Transfers;

/// <summary>Takes a transfer back before its day; those who could agree it may.</summary>
internal static class CancelTransfer
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(OrganizationId TenantId) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, ManagedOrganizations organizations, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(OrganizationKind.Tenant, command.TenantId, cancellationToken)).Refused(out var refusal, out _))
                return refusal;
            var transfer = await db.Transfers.Within(principal.Scope).Where(x => x.TenantId == command.TenantId)
                .OrderByDescending(x => x.Id).FirstOrDefaultAsync(cancellationToken);
            if (precondition.Fails(transfer))
                return Precondition.Failed;
            if (transfer is null)
                return TransferRefusals.NotFound(command.TenantId.Value);
            var partners = new[] { transfer.FromPartnerId, transfer.PartnerId };
            if (await db.Organizations.Within(principal.Scope).CountAsync(x => partners.Contains(x.Id), cancellationToken) < partners.Length)
                return TransferRefusals.OutOfReach;
            return transfer.Cancel(clock.GetUtcNow());
        }
    }

    public static void Map(RouteGroupBuilder tenants) => tenants
        .MapDelete("/{id:guid}/transfer", (Guid id, ISender sender, CancellationToken ct) =>
            sender.NoContent(new Command(new OrganizationId(id)), ct))
        .Slice<Command>(nameof(CancelTransfer), "Cancels a pending transfer");
}

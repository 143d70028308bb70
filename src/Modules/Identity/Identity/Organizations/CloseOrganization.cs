using Licensing.Identity.Certificates;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <summary>Ends an organisation under which nothing lives any more; its row and its code stay.</summary>
internal static class CloseOrganization
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(OrganizationKind Kind, OrganizationId Id) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedOrganizations organizations, IEnumerable<IHoldsOrganization> holders, CredentialCache cache,
        CertificateKeys keys, Precondition precondition, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAloneAsync(command.Kind, command.Id, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (precondition.Fails(organization))
                return Precondition.Failed;
            var live = await db.Organizations.AnyAsync(x => x.ParentId == command.Id && x.Status != OrganizationStatus.Closed, cancellationToken);
            if (organization.Close(live, await HeldAsync(organization, cancellationToken), clock.GetUtcNow()).Refused(out refusal, out var closed))
                return refusal;

            db.Publish(closed);
            cache.ForgetAfterCommit(session);
            keys.ForgetAfterCommit(session);
            return default(Done);
        }

        // Its row is locked by now, so that what a holder takes hold of at this moment is either seen here or finds it closed.
        private async Task<IReadOnlyList<Holding>> HeldAsync(Organization organization, CancellationToken ct)
        {
            var held = new List<Holding>();
            foreach (var holder in holders)
                if (await holder.HeldAsync(organization.Id, organization.OwnerPath, ct) is { } holding)
                    held.Add(holding);
            return held;
        }
    }

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind) => organizations
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) =>
            sender.NoContent(new Command(kind, new OrganizationId(id)), ct))
        .Slice<Command>($"Close{kind}", $"Closes a {kind.ToString().ToLowerInvariant()}");
}

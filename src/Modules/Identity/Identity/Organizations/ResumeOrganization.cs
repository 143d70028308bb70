using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Organizations;

/// <summary>Gives a suspended branch its right to write back.</summary>
internal static class ResumeOrganization
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(OrganizationKind Kind, OrganizationId Id) : ICommand<OrganizationView>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedOrganizations organizations, CredentialCache cache, Precondition precondition, TimeProvider clock)
        : ICommandHandler<Command, OrganizationView>
    {
        public async Task<Result<OrganizationView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAsync(command.Kind, command.Id, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (precondition.Fails(organization))
                return Precondition.Failed;
            if (organization.Resume(clock.GetUtcNow()).Refused(out refusal, out var fact))
                return refusal;

            db.Publish(fact);
            cache.ForgetAfterCommit(session);
            return await db.SavedAsync(() => OrganizationView.Of(organization), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind) => organizations
        .MapPost("/{id:guid}/resume", (Guid id, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(kind, new OrganizationId(id)), ct))
        .Slice<Command, OrganizationView>($"Resume{kind}", $"Resumes a {kind.ToString().ToLowerInvariant()} and its branch")
        .WithMetadata(new TakesIfMatch());
}

using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Organizations;

/// <summary>Takes the right to write from an organisation and everything below it.</summary>
internal static class SuspendOrganization
{
    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(OrganizationKind Kind, OrganizationId Id, string Reason) : ICommand<OrganizationView>;

    public sealed record Body(string Reason);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(500);
    }

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
            await session.LockStandingAsync(organization.Id, cancellationToken);
            if (organization.Suspend(command.Reason, clock.GetUtcNow()).Refused(out refusal, out var fact))
                return refusal;

            db.Publish(fact);
            cache.ForgetAfterCommit(session);
            return await db.SavedAsync(() => OrganizationView.Of(organization), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind) => organizations
        .MapPost("/{id:guid}/suspend", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(kind, new OrganizationId(id), body.Reason), ct))
        .Slice<Command, OrganizationView>($"Suspend{kind}", $"Suspends a {kind.ToString().ToLowerInvariant()} and its branch")
        .WithMetadata(new TakesIfMatch());
}

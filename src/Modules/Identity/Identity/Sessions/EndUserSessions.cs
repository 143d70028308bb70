using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Sessions;

/// <summary>Ends all that a user has open, and lets him log in again: for a device that was lost, where disabling him would be too much.</summary>
internal static class EndUserSessions
{
    [Needs(IdentityPermissions.UsersManage)]
    public sealed record Command(UserId UserId) : ICommand<EndedView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(UserId);
    }

    /// <param name="Ended">How many sessions.</param>
    public sealed record EndedView(int Ended);

    internal sealed class Handler(
        DbSession session, ManagedUsers users, OpenSessions sessions, CredentialCache cache, Precondition precondition, TimeProvider clock)
        : ICommandHandler<Command, EndedView>
    {
        public async Task<Result<EndedView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await users.LockAsync(command.UserId, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (precondition.Fails(null))
                return Precondition.Failed;
            var ended = await sessions.EndAllAsync(user, clock.GetUtcNow(), cancellationToken);
            cache.ForgetAfterCommit(session);
            return new EndedView(ended);
        }
    }

    public static OpsCommand Ops { get; } = new(
        "users end-sessions", "Ends all that a user has open; he may log in again.",
        [new("email", "His e-mail address.", OpsArgumentKind.Required)],
        async (call, ct) =>
        {
            var email = call["email"]!.ToLowerInvariant();
            var found = await call.Services.GetRequiredService<IdentityDb>().Users.AsNoTracking().Where(x => x.Email == email)
                .Select(x => (UserId?)x.Id).SingleOrDefaultAsync(ct);
            if (found is not { } id)
                return UserRefusals.UnknownEmail(email);
            var sender = call.Services.GetRequiredService<ISender>();
            return (await sender.Send(new Command(id), ct)).Refused(out var refusal, out var view) ? refusal : new OpsAnswer(view);
        });

    public static void Map(RouteGroupBuilder users) => users
        .MapDelete("/{id:guid}/sessions", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new UserId(id)), ct))
        .Slice<Command, EndedView>(nameof(EndUserSessions), "Ends all of a user's sessions");
}

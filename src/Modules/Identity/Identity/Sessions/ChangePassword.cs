using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Sessions;

/// <summary>Changes the caller's own password, ends all his sessions and opens a new one.</summary>
internal static class ChangePassword
{
    [AnyCaller, InPerson]
    public sealed record Attempt(string CurrentPassword, string NewPassword) : IRequest<Result<SessionView>>;

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator()
        {
            RuleFor(x => x.CurrentPassword).NotEmpty().MaximumLength(PasswordPolicy.LongestInput);
            RuleFor(x => x.NewPassword).NewPassword();
            RuleFor(x => x.NewPassword).NotEqual(x => x.CurrentPassword).WithMessage("newPassword must differ from currentPassword.");
        }
    }

    // Outside any transaction, as at a log-in: the try is counted on a connection of its own, and the hash takes its time.
    internal sealed class Door(PasswordCheck check, Principal principal, ISender sender) : IRequestHandler<Attempt, Result<SessionView>>
    {
        public async Task<Result<SessionView>> Handle(Attempt attempt, CancellationToken cancellationToken) =>
            principal.Access.Kind is not PrincipalKind.User ? SessionRefusals.NotAUser
            : await check.HoldsAsync(principal.Access.Name, attempt.CurrentPassword, principal.Address, cancellationToken) is { } proven
                && proven.UserId.Value == principal.Id
                ? await sender.Send(new Command(proven, attempt.NewPassword), cancellationToken)
                : SessionRefusals.WrongCurrentPassword;
    }

    /// <summary>No endpoint sends it.</summary>
    [AnyCaller]
    public sealed record Command(ProvenPassword Proven, string NewPassword) : ICommand<SessionView>
    {
        public override string ToString() => $"{Proven}";
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, LoginAttempts attempts, UserManager<User> users, OpenSessions sessions, SessionTokens tokens,
        Letters letters, CredentialCache cache, Principal principal, TimeProvider clock) : ICommandHandler<Command, SessionView>
    {
        public async Task<Result<SessionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var id = command.Proven.UserId;
            // Before the sessions are ended: a log-in with the old password either has opened its own by now, or will find another hash.
            await session.LockUserAsync(id, alone: true, cancellationToken);
            var now = clock.GetUtcNow();
            // Nor is a session opened for who was disabled meanwhile.
            if (await db.Users.WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id, cancellationToken) is not { } user)
                return CredentialRefusals.Invalid;
            if (user.PasswordNumber != command.Proven.PasswordNumber)
                return SessionRefusals.WrongCurrentPassword;

            if (await users.SetPasswordAsync(user, command.NewPassword, "/newPassword") is { } refusal)
                return refusal;
            user.PasswordChanged(now);
            // What was shown before is not asked for again; a password alone shows no second factor.
            var shown = (await sessions.PresentAsync(cancellationToken))?.SecondFactor ?? false;
            await sessions.EndAllAsync(user, now, cancellationToken);
            await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            letters.PasswordWasChanged(user);
            cache.ForgetAfterCommit(session);
            return await tokens.OpenAsync(user, SignIn.ByPassword(shown), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/password", (Attempt body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Attempt, SessionView>(nameof(ChangePassword), "Changes the caller's password")
        // The token with which it would be repeated ends with the change.
        .WithMetadata(new CarriesSecret(), new RetriesItself());
}

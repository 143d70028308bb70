using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;

namespace Licensing.Identity.Users;

/// <summary>
/// Gives the user of an account a password of the reseller's choice and ends what he has open. He is told by mail, and what he cannot be told is
/// not done; that it was given, and by whom, stays known (ADR 0024).
/// </summary>
internal static class GivePassword
{
    [Needs(IdentityPermissions.UsersManage), InPerson]
    public sealed record Command(UserId Id, string Password, bool MustChange) : ICommand<Done>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfUser(Id);

        // The password is in there.
        public override string ToString() => nameof(GivePassword);
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Password).NewPassword();
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedUsers managed, UserManager<User> users, OpenSessions sessions, OneTimeTokens tokens,
        LoginAttempts attempts, Letters letters, LetterLimits limits, CredentialCache cache, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await managed.LockAsync(command.Id, cancellationToken)).Refused(out var refusal, out var user))
                return refusal;
            if (principal.MayBe(user.Id))
                return UserRefusals.OwnAccount;
            if (user.FederatedOnly)
                return UserRefusals.NoPasswordHere;
            // Who is invited chooses his own, with the token of his mail.
            if (user.Status is UserStatus.Invited)
                return UserRefusals.StillInvited;
            var now = clock.GetUtcNow();
            if (users.SetResellerPassword(user, command.Password, command.MustChange, principal.AsMaker(), now) is { } weak)
                return weak;
            if (await limits.RefuseAsync([user.Email], cancellationToken) is { } tooMany)
                return tooMany;

            await sessions.EndAllAsync(user, now, cancellationToken);
            await tokens.VoidAsync(user.Id, cancellationToken);
            // Whoever guessed at the old password must not keep its owner from the new one.
            await attempts.UnlockAsync(session, user, cancellationToken);
            letters.PasswordWasChanged(user);
            cache.ForgetAfterCommit(session);
            await db.SaveChangesAsync(cancellationToken);
            return default(Done);
        }
    }
}

using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Users;

/// <summary>
/// Ends setting up the second factor with the first code of the authenticator; from then on a log-in needs one. The present session has
/// shown it, his others end: any of them may be that of whom it is to keep out.
/// </summary>
internal static class ConfirmMfa
{
    [AnyCaller, InPerson]
    public sealed record Attempt(string Code) : IRequest<Result<RecoveryCodesView>>;

    /// <param name="RecoveryCodes">Each is good for one log-in without the authenticator; shown this once.</param>
    public sealed record RecoveryCodesView(IReadOnlyList<string> RecoveryCodes);

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator() => RuleFor(x => x.Code).NotEmpty().MaximumLength(SecondFactor.LongestCode);
    }

    // Outside any transaction, as at a log-in: six digits could be tried out within the time that a key waits.
    internal sealed class Door(LoginAttempts attempts, Principal principal, ISender sender) : IRequestHandler<Attempt, Result<RecoveryCodesView>>
    {
        public async Task<Result<RecoveryCodesView>> Handle(Attempt attempt, CancellationToken cancellationToken) =>
            principal.Access.Kind is not PrincipalKind.User
                ? SessionRefusals.NotAUser
                : await sender.Send(
                    new Command(attempt.Code, await attempts.MayTryAsync(principal.Access.Name, principal.Address, cancellationToken)),
                    cancellationToken);
    }

    /// <summary>No endpoint sends it.</summary>
    /// <param name="Code">The authenticator's.</param>
    /// <param name="MayTry">Whether it may be looked at.</param>
    [AnyCaller]
    public sealed record Command(string Code, bool MayTry) : ICommand<RecoveryCodesView>
    {
        public override string ToString() => nameof(ConfirmMfa);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, LoginAttempts attempts, SecondFactor secondFactor, Enrolment enrolment, OpenSessions sessions,
        Letters letters, CredentialCache cache, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, RecoveryCodesView>
    {
        public async Task<Result<RecoveryCodesView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var id = new UserId(principal.Id);
            await session.LockUserAsync(id, alone: true, cancellationToken);
            if (await db.Users.WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id, cancellationToken) is not { } user)
                return UserRefusals.MfaNotStarted;
            if (user.MfaEnabled)
                return UserRefusals.MfaActive;
            if (!user.MayConfirmMfa(principal.Access.SessionId, clock.GetUtcNow()))
                return UserRefusals.MfaNotStarted;
            if (!command.MayTry || !await secondFactor.ProveTotpAsync(user, command.Code, cancellationToken))
                return UserRefusals.WrongCode;
            await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            var present = await sessions.PresentAsync(cancellationToken);
            present?.ShowedSecondFactor();
            await sessions.EndOthersAsync(user, present, clock.GetUtcNow(), cancellationToken);
            letters.SecondFactorWasSetUp(user);
            cache.ForgetAfterCommit(session);
            return new RecoveryCodesView(await enrolment.CompleteAsync(user));
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/mfa/confirm", (Attempt body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Attempt, RecoveryCodesView>(nameof(ConfirmMfa), "Turns the second factor on")
        // Asked again, it is on already.
        .WithMetadata(new CarriesSecret(), new RetriesItself())
        .WithMetadata(new SliceExample(new { code = "287082" }));
}

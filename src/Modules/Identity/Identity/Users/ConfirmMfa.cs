using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>
/// Ends setting up the second factor with the first code of the authenticator; from then on a log-in needs one. The present session has
/// shown it, his others end: any of them may be that of whom it is to keep out.
/// </summary>
internal static class ConfirmMfa
{
    [AnyCaller]
    public sealed record Command(string Code) : ICommand<RecoveryCodesView>;

    /// <param name="RecoveryCodes">Each is good for one log-in without the authenticator; shown this once.</param>
    public sealed record RecoveryCodesView(IReadOnlyList<string> RecoveryCodes);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Code).NotEmpty().MaximumLength(SecondFactor.LongestCode);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, SecondFactor secondFactor, Enrolment enrolment, OpenSessions sessions, Letters letters, CredentialCache cache,
        Principal principal, TimeProvider clock)
        : ICommandHandler<Command, RecoveryCodesView>
    {
        public async Task<Result<RecoveryCodesView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            var id = new UserId(principal.Id);
            await session.LockUserAsync(id, "update", cancellationToken);
            var user = await db.Users.SingleOrDefaultAsync(x => x.Id == id, cancellationToken);
            if (user?.SealedAuthenticatorKey is null)
                return UserRefusals.MfaNotStarted;
            if (user.MfaEnabled)
                return UserRefusals.MfaActive;
            if (!await secondFactor.ProveTotpAsync(user, command.Code, cancellationToken))
                return UserRefusals.WrongCode;
            var present = await sessions.PresentAsync(cancellationToken);
            present?.ShowedSecondFactor();
            await sessions.EndOthersAsync(user, present, clock.GetUtcNow(), cancellationToken);
            letters.SecondFactorWasSetUp(user);
            cache.ForgetAfterCommit(session);
            return new RecoveryCodesView(await enrolment.CompleteAsync(user));
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/mfa/confirm", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, RecoveryCodesView>(nameof(ConfirmMfa), "Turns the second factor on")
        .WithMetadata(new CarriesSecret())
        .WithMetadata(new SliceExample(new { code = "287082" }));
}

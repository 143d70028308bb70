using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Users;

/// <summary>Removes the caller's second factor, or what was begun of one, with his password or a code; a wrong one counts as at the log-in.</summary>
internal static class RemoveMfa
{
    [AnyCaller, InPerson]
    public sealed record Attempt(string? Password = null, string? Code = null) : IRequest<Result<Done>>;

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator()
        {
            RuleFor(x => x.Password).NotEmpty().When(x => x.Code is null).WithMessage("password or code is needed.");
            RuleFor(x => x.Password).MaximumLength(PasswordPolicy.LongestInput);
            RuleFor(x => x.Code).MaximumLength(SecondFactor.LongestCode);
        }
    }

    // Outside any transaction, as at a log-in.
    internal sealed class Door(PasswordCheck check, LoginAttempts attempts, Principal principal, ISender sender)
        : IRequestHandler<Attempt, Result<Done>>
    {
        public async Task<Result<Done>> Handle(Attempt attempt, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            var (name, address) = (principal.Access.Name, principal.Address);
            return await sender.Send(attempt.Password is { } password
                ? new Command(await check.HoldsAsync(name, password, address, cancellationToken), null, MayTry: false)
                : new Command(null, attempt.Code, await attempts.MayTryAsync(name, address, cancellationToken)), cancellationToken);
        }
    }

    /// <summary>No endpoint sends it.</summary>
    /// <param name="Proven">Whose password was given, where it was right.</param>
    /// <param name="Code">Given in its place.</param>
    /// <param name="MayTry">Whether the code may be looked at.</param>
    [AnyCaller]
    public sealed record Command(ProvenPassword? Proven, string? Code, bool MayTry) : ICommand<Done>
    {
        public override string ToString() => nameof(RemoveMfa);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, LoginAttempts attempts, SecondFactor secondFactor, Enrolment enrolment, OpenSessions sessions,
        Letters letters, CredentialCache cache, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var id = new UserId(principal.Id);
            await session.LockUserAsync(id, alone: true, cancellationToken);
            var user = await db.Users.WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id, cancellationToken);
            if (precondition.Fails(user))
                return Precondition.Failed;
            if (user?.SealedAuthenticatorKey is null)
                return UserRefusals.MfaNotActive;
            if (command.Code is null && (command.Proven?.UserId != id || command.Proven.PasswordNumber != user.PasswordNumber))
                return UserRefusals.WrongPassword;
            if (command.Code is not null && !(command.MayTry && await secondFactor.ProveAsync(user, command.Code, cancellationToken)))
                return UserRefusals.WrongCode;

            await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            // What was only begun has never been asked for.
            if (user.MfaEnabled)
            {
                await sessions.EndOthersAsync(user, await sessions.PresentAsync(cancellationToken), clock.GetUtcNow(), cancellationToken);
                letters.SecondFactorWasRemoved(user);
                cache.ForgetAfterCommit(session);
            }

            await enrolment.EndAsync(user);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapDelete("/mfa", ([FromBody] Attempt body, ISender sender, CancellationToken ct) => sender.NoContent(body, ct))
        .Slice<Attempt>(nameof(RemoveMfa), "Removes the second factor")
        // Asked again, there is none.
        .WithMetadata(new SliceExample(new { code = "287082" }), new RetriesItself());
}

using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>Removes the caller's second factor, or what was begun of one, with his password or a code; a wrong one counts as at the log-in.</summary>
internal static class RemoveMfa
{
    [AnyCaller]
    public sealed record Command(string? Password = null, string? Code = null) : ICommand<Done>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Password).NotEmpty().When(x => x.Code is null).WithMessage("password or code is needed.");
            RuleFor(x => x.Password).MaximumLength(PasswordPolicy.LongestInput);
            RuleFor(x => x.Code).MaximumLength(SecondFactor.LongestCode);
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, PasswordCheck check, LoginAttempts attempts, SecondFactor secondFactor, Enrolment enrolment,
        Precondition precondition, Principal principal) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            var id = new UserId(principal.Id);
            var mayTry = command.Password is not null || await attempts.MayTryAsync(principal.Access.Name, principal.Address, cancellationToken);
            var proven = command.Password is null ? null : await check.HoldsAsync(principal.Access.Name, command.Password, principal.Address, cancellationToken);
            await session.LockUserAsync(id, "update", cancellationToken);
            var user = await db.Users.SingleOrDefaultAsync(x => x.Id == id, cancellationToken);
            if (precondition.Fails(user))
                return Precondition.Failed;
            if (user?.SealedAuthenticatorKey is null)
                return UserRefusals.MfaNotActive;
            if (command.Password is not null && (proven?.UserId != id || proven.PasswordNumber != user.PasswordNumber))
                return UserRefusals.WrongPassword;
            if (command.Password is null && !(mayTry && await secondFactor.ProveAsync(user, command.Code!, cancellationToken)))
                return UserRefusals.WrongCode;

            await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            await enrolment.EndAsync(user);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapDelete("/mfa", ([FromBody] Command body, ISender sender, CancellationToken ct) => sender.NoContent(body, ct))
        .Slice<Command>(nameof(RemoveMfa), "Removes the second factor")
        .WithMetadata(new SliceExample(new { code = "287082" }));
}

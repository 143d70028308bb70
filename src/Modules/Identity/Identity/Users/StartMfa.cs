using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Users;

/// <summary>
/// Begins to set up a second factor for the caller: a key for his authenticator. Needs his password, so that whoever finds a session
/// open cannot shut its owner out.
/// </summary>
internal static class StartMfa
{
    [AnyCaller]
    public sealed record Command(string Password) : ICommand<AuthenticatorView>;

    /// <param name="Secret">For typing in, base32.</param>
    /// <param name="Uri">The same for a QR code.</param>
    public sealed record AuthenticatorView(string Secret, string Uri);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Password).NotEmpty().MaximumLength(PasswordPolicy.LongestInput);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, PasswordCheck check, LoginAttempts attempts, Enrolment enrolment, Principal principal,
        IConfiguration configuration) : ICommandHandler<Command, AuthenticatorView>
    {
        public async Task<Result<AuthenticatorView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            var id = new UserId(principal.Id);
            if (await check.HoldsAsync(principal.Access.Name, command.Password, principal.Address, cancellationToken) is not { } proven || proven.UserId != id)
                return UserRefusals.WrongPassword;
            await session.LockUserAsync(id, "update", cancellationToken);
            var user = await db.Users.SingleAsync(x => x.Id == id, cancellationToken);
            if (user.PasswordNumber != proven.PasswordNumber)
                return UserRefusals.WrongPassword;
            if (user.MfaEnabled)
                return UserRefusals.MfaActive;

            await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            var key = await enrolment.BeginAsync(user);
            return new AuthenticatorView(key, Totp.UriOf(configuration["Platform:Name"] ?? "Platform", user.Email, key));
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/mfa", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, AuthenticatorView>(nameof(StartMfa), "Begins to set up a second factor")
        .WithMetadata(new CarriesSecret());
}

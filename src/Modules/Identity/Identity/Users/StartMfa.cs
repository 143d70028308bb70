using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Users;

/// <summary>
/// Begins to set up a second factor for the caller: a key for his authenticator. Needs his password, or that he has come through a
/// provider just now, so that whoever finds a session open cannot shut its owner out.
/// </summary>
internal static class StartMfa
{
    /// <summary>How long a log-in through a provider stands for the password that someone may not have.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(5);

    [AnyCaller, InPerson]
    public sealed record Attempt(string? Password = null) : IRequest<Result<AuthenticatorView>>;

    /// <param name="Secret">For typing in, base32.</param>
    /// <param name="Uri">The same for a QR code.</param>
    public sealed record AuthenticatorView(string Secret, string Uri);

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator() => RuleFor(x => x.Password).NotEmpty().MaximumLength(PasswordPolicy.LongestInput).When(x => x.Password is not null);
    }

    // Outside any transaction, as at a log-in.
    internal sealed class Door(PasswordCheck check, Principal principal, ISender sender) : IRequestHandler<Attempt, Result<AuthenticatorView>>
    {
        public async Task<Result<AuthenticatorView>> Handle(Attempt attempt, CancellationToken cancellationToken)
        {
            if (principal.Access.Kind is not PrincipalKind.User)
                return SessionRefusals.NotAUser;
            if (attempt.Password is null)
                return await sender.Send(new Command(null), cancellationToken);
            var proven = await check.HoldsAsync(principal.Access.Name, attempt.Password, principal.Address, cancellationToken);
            return proven is not null && proven.UserId.Value == principal.Id
                ? await sender.Send(new Command(proven), cancellationToken)
                : UserRefusals.WrongPassword;
        }
    }

    /// <summary>No endpoint sends it.</summary>
    [AnyCaller]
    public sealed record Command(ProvenPassword? Proven) : ICommand<AuthenticatorView>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, LoginAttempts attempts, Enrolment enrolment, OpenSessions sessions, Principal principal,
        IConfiguration configuration, TimeProvider clock) : ICommandHandler<Command, AuthenticatorView>
    {
        public async Task<Result<AuthenticatorView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var id = new UserId(principal.Id);
            await session.LockUserAsync(id, alone: true, cancellationToken);
            if (command.Proven is null && !await IsFreshAsync(cancellationToken))
                return UserRefusals.PasswordOrFreshLogin;
            if (await db.Users.WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id, cancellationToken) is not { } user)
                return CredentialRefusals.Invalid;
            if (command.Proven is { } proven && user.PasswordNumber != proven.PasswordNumber)
                return UserRefusals.WrongPassword;
            if (user.MfaEnabled)
                return UserRefusals.MfaActive;

            if (command.Proven is not null)
                await attempts.SucceededAsync(session, user, principal.Address, cancellationToken);
            var key = await enrolment.BeginAsync(user);
            return new AuthenticatorView(key, Totp.UriOf(configuration["Platform:Name"] ?? "Platform", user.Email, key));
        }

        private async Task<bool> IsFreshAsync(CancellationToken ct) =>
            await sessions.PresentAsync(ct) is { Way: SessionWay.Provider } present && clock.GetUtcNow() < present.CreatedAt + FreshFor;
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/mfa", (Attempt body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Attempt, AuthenticatorView>(nameof(StartMfa), "Begins to set up a second factor")
        // Begun anew, the newest key counts.
        .WithMetadata(new CarriesSecret(), new RetriesItself());
}

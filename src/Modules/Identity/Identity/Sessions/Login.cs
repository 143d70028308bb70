using FluentValidation;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using MediatR;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Sessions;

/// <summary>Exchanges an e-mail address, a password and, where the user has a second factor, its code for tokens.</summary>
internal static class Login
{
    [Anyone]
    public sealed record Attempt(string Email, string Password, string? Otp = null) : IRequest<Result<SessionView>>;

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator()
        {
            RuleFor(x => x.Email).NotEmpty().MaximumLength(254);
            RuleFor(x => x.Password).NotEmpty().MaximumLength(PasswordPolicy.LongestInput);
            RuleFor(x => x.Otp).MaximumLength(SecondFactor.LongestCode);
        }
    }

    internal sealed class Handler(PasswordCheck check, Principal principal, ISender sender) : IRequestHandler<Attempt, Result<SessionView>>
    {
        public async Task<Result<SessionView>> Handle(Attempt attempt, CancellationToken cancellationToken)
        {
            var (tooMany, proven) = await check.AtLogInAsync(
                attempt.Email, attempt.Password, attempt.Otp, principal.Address, cancellationToken);
            return tooMany is not null ? tooMany
                : proven is not null ? await sender.Send(new OpenSession.Command(proven, attempt.Otp), cancellationToken)
                : SessionRefusals.BadCredentials;
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/login", (Attempt body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Attempt, SessionView>(nameof(Login), "Logs in with e-mail and password")
        .WithMetadata(new CarriesSecret(), new RetriesItself());
}

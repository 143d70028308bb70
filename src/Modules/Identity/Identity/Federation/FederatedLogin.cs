using FluentValidation;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using MediatR;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Federation;

/// <summary>Exchanges another issuer's ID token for tokens of ours.</summary>
internal static class FederatedLogin
{
    private const int LongestToken = 16 * 1024;
    private const int LongestNonce = 512;
    private const int LongestBody = 64 * 1024;

    [Anyone]
    public sealed record Attempt(string Provider, string IdToken, string? Nonce = null, string? Otp = null) : IRequest<Result<SessionView>>;

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator()
        {
            RuleFor(x => x.Provider).NotEmpty().MaximumLength(64);
            RuleFor(x => x.IdToken).NotEmpty().MaximumLength(LongestToken);
            RuleFor(x => x.Otp).MaximumLength(SecondFactor.LongestCode);
            RuleFor(x => x.Nonce).NotEmpty().MaximumLength(LongestNonce).When(x => x.Nonce is not null);
        }
    }

    // No command: asking the issuer may take its time and must not hold a transaction.
    internal sealed class Handler(IdentityProviders providers, IdTokens tokens, ISender sender) : IRequestHandler<Attempt, Result<SessionView>>
    {
        public async Task<Result<SessionView>> Handle(Attempt attempt, CancellationToken cancellationToken)
        {
            if (providers.Find(attempt.Provider) is not { } provider)
                return FederationRefusals.UnknownProvider(attempt.Provider);
            return (await tokens.VerifyAsync(provider, attempt.IdToken, attempt.Nonce, cancellationToken)).Refused(out var refusal, out var proven)
                ? refusal
                : await sender.Send(new OpenFederatedSession.Command(proven, attempt.Otp), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/federated", (Attempt body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Attempt, SessionView>(nameof(FederatedLogin), "Logs in with another issuer's ID token")
        .WithMetadata(new CarriesSecret())
        .MaxBody(LongestBody);
}

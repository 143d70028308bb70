using FluentValidation;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using MediatR;
using Npgsql;
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
    internal sealed class Handler(
        IdentityProviders providers, IdTokens tokens, LoginAttempts attempts, NpgsqlDataSource database, Principal principal, ISender sender)
        : IRequestHandler<Attempt, Result<SessionView>>
    {
        public async Task<Result<SessionView>> Handle(Attempt attempt, CancellationToken cancellationToken)
        {
            if (providers.Find(attempt.Provider) is not { } provider)
                return FederationRefusals.UnknownProvider(attempt.Provider);
            return (await tokens.VerifyAsync(provider, attempt.IdToken, attempt.Nonce, cancellationToken)).Refused(out var refusal, out var proven)
                ? refusal
                : await sender.Send(
                    new OpenFederatedSession.Command(
                        proven, attempt.Otp, attempt.Otp is null ? null : await CountAsync(proven, cancellationToken)),
                    cancellationToken);
        }

        // Here no password counts the tries at a code. Only a token that could open a session counts as one.
        private async Task<CountedTry?> CountAsync(ProvenIdentity proven, CancellationToken ct) =>
            !proven.Strong && await WhoseAsync(proven, ct) is var (user, email)
                ? new CountedTry(user, await attempts.MayTryAsync(email, principal.Address, ct))
                : null;

        private async Task<(UserId User, string Email)?> WhoseAsync(ProvenIdentity proven, CancellationToken ct)
        {
            await using var command = database.CreateCommand(
                """
                select id, email from identity.users
                where mfa_enabled and not exists (select from identity.federated_uses where digest = $1)
                    and id = coalesce(
                        (select user_id from identity.federated_identities where issuer = $2 and subject = $3),
                        (select id from identity.users where email = $4))
                """);
            foreach (var value in new object[] { proven.UseDigest, proven.Issuer, proven.Subject, proven.VerifiedEmail ?? "" })
                command.Parameters.Add(new() { Value = value });
            await using var row = await command.ExecuteReaderAsync(ct);
            return await row.ReadAsync(ct) ? (new UserId(row.GetGuid(0)), row.GetString(1)) : null;
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/federated", (Attempt body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Attempt, SessionView>(nameof(FederatedLogin), "Logs in with another issuer's ID token")
        .WithMetadata(new CarriesSecret(), new RetriesItself())
        .MaxBody(LongestBody);
}

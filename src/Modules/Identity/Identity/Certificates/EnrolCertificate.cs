using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>
/// Registers the certificate whose key will sign an organisation's licence updates; it may have several, so that it can change them.
/// </summary>
internal static class EnrolCertificate
{
    /// <summary>Of an organisation, neither revoked nor over: the published keys are one list for all, and nobody may fill it alone.</summary>
    public const int MostLive = 20;

    private const int LongestPem = 16_384;

    [Needs(IdentityPermissions.CertificatesManage), InPerson]
    public sealed record Command(
        OrganizationId OrganizationId, string Pem, CertificateProfile Profile = CertificateProfile.V2, string? KeyId = null)
        : ICommand<CertificateView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Pem).NotEmpty().MaximumLength(LongestPem);
            RuleFor(x => x.KeyId).MaximumLength(KeyIds.Longest).Matches(KeyIds.Pattern);
        }
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, HeldOrganizations organizations, CertificateKeys keys, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, CertificateView>
    {
        public async Task<Result<CertificateView>> Handle(Command command, CancellationToken cancellationToken)
        {
            // One at a time, or two at once would be one too many.
            if ((await organizations.FindAsync(command.OrganizationId, "no key update", cancellationToken))
                .Refused(out var refusal, out var organization))
                return refusal;
            if (command.KeyId is not null && KeyIds.FingerprintOf(command.KeyId) is not null)
                return CertificateRefusals.KeyIdLikeFingerprint;
            if (ReadCertificate.Of(command.Pem).Refused(out refusal, out var read))
                return refusal;
            // What was revoked here stays so. What someone else enrolled and lost again keeps nobody out: it may never have been his.
            var taken = db.Certificates.Where(x => x.RevokedAt == null || x.OrganizationId == organization.Id);
            if (await taken.AnyAsync(x => x.Fingerprint == read.Fingerprint, cancellationToken))
                return CertificateRefusals.FingerprintTaken;
            if (command.KeyId is not null && await taken.AnyAsync(x => x.KeyId == command.KeyId, cancellationToken))
                return CertificateRefusals.KeyIdTaken;
            var now = clock.GetUtcNow();
            var live = await db.Certificates.CountAsync(
                x => x.OrganizationId == organization.Id && x.RevokedAt == null && x.NotAfter > now, cancellationToken);
            if (live >= MostLive)
                return CertificateRefusals.TooMany;
            if (Certificate.Enrol(organization, read, command.Profile, command.KeyId, principal.Id, now).Refused(out refusal, out var certificate))
                return refusal;

            db.Add(certificate);
            keys.ForgetAfterCommit(session);
            return CertificateView.Of(certificate);
        }
    }

    public static void Map(RouteGroupBuilder certificates) => certificates
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/certificates/{x.Id.Value}", ct))
        .Slice<Command, CertificateView>(nameof(EnrolCertificate), "Enrols a certificate that signs licence updates", StatusCodes.Status201Created);
}

using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>Registers the certificate whose key will sign an organisation's licence updates; it may have several, so that it can change them.</summary>
internal static class EnrolCertificate
{
    private const int LongestPem = 16_384;

    [Needs(IdentityPermissions.CertificatesManage)]
    public sealed record Command(OrganizationId OrganizationId, string Pem, CertificateProfile Profile = CertificateProfile.V2, string? KeyId = null) : ICommand<CertificateView>;

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
            if ((await organizations.FindAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var organization))
                return refusal;
            if (command.KeyId is not null && KeyIds.FingerprintOf(command.KeyId) is not null)
                return CertificateRefusals.KeyIdLikeFingerprint;
            if (ReadCertificate.Of(command.Pem).Refused(out refusal, out var read))
                return refusal;
            if (await db.Certificates.AnyAsync(x => x.Fingerprint == read.Fingerprint, cancellationToken))
                return CertificateRefusals.FingerprintTaken;
            if (command.KeyId is not null && await db.Certificates.AnyAsync(x => x.KeyId == command.KeyId, cancellationToken))
                return CertificateRefusals.KeyIdTaken;
            if (Certificate.Enrol(organization, read, command.Profile, command.KeyId, principal.Id, clock.GetUtcNow()).Refused(out refusal, out var certificate))
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

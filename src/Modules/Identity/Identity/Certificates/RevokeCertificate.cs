using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>Ends a certificate: nothing that it signs is believed from now on.</summary>
internal static class RevokeCertificate
{
    [Needs(IdentityPermissions.CertificatesManage)]
    public sealed record Command(CertificateId Id) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, CertificateKeys keys, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var certificate = await db.Certificates.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (certificate is null)
                return CertificateRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(certificate))
                return Precondition.Failed;
            if (certificate.Revoke(clock.GetUtcNow()).Refused(out var refusal, out _))
                return refusal;

            keys.ForgetAfterCommit(session);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder certificates) => certificates
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new CertificateId(id)), ct))
        .Slice<Command>(nameof(RevokeCertificate), "Revokes a certificate");
}

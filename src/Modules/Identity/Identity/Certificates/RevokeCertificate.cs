using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>Ends a certificate: nothing that it signs is believed from now on.</summary>
internal static class RevokeCertificate
{
    [Needs(IdentityPermissions.CertificatesManage)]
    public sealed record Command(CertificateId Id) : ICommand<Done>;

    internal sealed class Handler(IdentityDb db, Precondition precondition, Principal principal, TimeProvider clock) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var certificate = await db.Certificates.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (certificate is null)
                return CertificateRefusals.NotFound(command.Id.Value);
            return precondition.Fails(certificate) ? Precondition.Failed : certificate.Revoke(clock.GetUtcNow());
        }
    }

    public static void Map(RouteGroupBuilder certificates) => certificates
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new CertificateId(id)), ct))
        .Slice<Command>(nameof(RevokeCertificate), "Revokes a certificate");
}

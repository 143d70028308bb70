using Licensing.Identity.ApiKeys;
using Licensing.Identity.Certificates;
using Licensing.Identity.Clients;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Credentials;

/// <summary>Ends an API key, an OAuth client or a certificate at the terminal, with the commands of the API.</summary>
internal static class RevokeCredential
{
    private sealed record Revoked(Guid Id, string Kind);

    public static OpsCommand Ops { get; } = new(
        "credentials revoke", "Ends an API key, an OAuth client or a certificate.",
        [new("id", "As credentials list shows it.", OpsArgumentKind.Required)],
        async (call, ct) =>
        {
            if (!Guid.TryParse(call["id"], out var id))
                return OpsCall.Wrong($"'{call["id"]}' is not a credential's id.");
            var sender = call.Services.GetRequiredService<ISender>();
            var key = await sender.Send(new RevokeApiKey.Command(new ApiKeyId(id)), ct);
            if (key.Refusal is not { Kind: RefusalKind.NotFound })
                return Answer(key, id, "api-key");
            var client = await sender.Send(new RevokeClient.Command(new ClientId(id)), ct);
            if (client.Refusal is not { Kind: RefusalKind.NotFound })
                return Answer(client, id, "client");
            var certificate = await sender.Send(new RevokeCertificate.Command(new CertificateId(id)), ct);
            return certificate.Refusal is { Kind: RefusalKind.NotFound }
                ? new Refusal(RefusalKind.NotFound, "credential_not_found", $"There is no credential {id}.")
                : Answer(certificate, id, "certificate");
        });

    private static Result<OpsAnswer> Answer(Result<Done> done, Guid id, string kind) =>
        done.Refused(out var refusal, out _) ? refusal : new OpsAnswer(new Revoked(id, kind));
}

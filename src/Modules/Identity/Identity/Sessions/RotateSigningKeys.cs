using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Makes the next signing key: published now, signing later, while the one before it verifies what it has signed. A key that was
/// stolen ends at once instead, with every token it signed.
/// </summary>
internal static class RotateSigningKeys
{
    [Needs(IdentityPermissions.SigningKeysManage)]
    public sealed record Command(bool Compromised = false) : ICommand<RotatedView>;

    public sealed record RotatedView(Guid Kid, DateTimeOffset SignsFrom, DateTimeOffset OthersEndAt);

    internal sealed class Handler(
        DbSession session, SigningKeys keys, SecretBox secrets, TokenSettings settings, AuditTrail audit, TimeProvider clock)
        : ICommandHandler<Command, RotatedView>
    {
        public async Task<Result<RotatedView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            // A host whose clock is behind must not go on with a stolen key.
            var signsFrom = command.Compromised ? now - HostClocks.Slack : now + settings.PublishKeysFor;
            var othersEnd = command.Compromised ? signsFrom : signsFrom + IDocumentSigner.Longest + HostClocks.Slack;
            var kid = Id.NewGuid(now);
            if (!await InsertAsync(kid, command.Compromised, now, signsFrom, othersEnd, cancellationToken))
                return SessionRefusals.RotationUnderWay;

            audit.Note("signing_key", kid.ToString(), null, new JsonObject
            {
                ["signsFrom"] = new JsonObject { ["old"] = null, ["new"] = JsonValue.Create(signsFrom) },
                ["othersEndAt"] = new JsonObject { ["old"] = null, ["new"] = JsonValue.Create(othersEnd) },
            });
            session.AfterCommit(keys.Forget);
            return new RotatedView(kid, signsFrom, othersEnd);
        }

        // Of two who rotate at once one takes the number, and the other waits for it and then finds it taken.
        private async Task<bool> InsertAsync(
            Guid kid, bool compromised, DateTimeOffset now, DateTimeOffset signsFrom, DateTimeOffset othersEnd, CancellationToken ct)
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            await using var command = new NpgsqlCommand(
                """
                with newest as (select max(number) as number, max(signs_from) as signs_from from identity.signing_keys),
                made as (
                    insert into identity.signing_keys (number, id, public_key, sealed_private_key, created_at, signs_from)
                    select number + 1, $1, $2, $3, $4, $5 from newest where $7 or signs_from <= $4
                    on conflict do nothing returning number),
                others as (update identity.signing_keys k set ends_at = least(k.ends_at, $6) from made where k.number < made.number)
                select count(*) from made
                """, await session.OpenAsync(ct), session.Transaction);
            foreach (var value in new object[]
            {
                kid, made.ExportSubjectPublicKeyInfo(), secrets.Seal(made.ExportPkcs8PrivateKey()), now, signsFrom, othersEnd, compromised,
            })
                command.Parameters.Add(new() { Value = value });
            return (long)(await command.ExecuteScalarAsync(ct))! == 1;
        }
    }

    public static OpsCommand Ops { get; } = new(
        "keys rotate", "Makes the next signing key; it signs once every host and client can know it.",
        [new("--compromised", "The present keys were stolen: they end now, with every token, and the new one signs at once.", OpsArgumentKind.Flag)],
        async (call, ct) =>
        {
            var command = new Command(call.Has("--compromised"));
            return (await call.Services.GetRequiredService<ISender>().Send(command, ct)).Refused(out var refusal, out var view)
                ? refusal
                : new OpsAnswer(view);
        });
}

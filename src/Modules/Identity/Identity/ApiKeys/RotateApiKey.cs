using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.ApiKeys;

/// <summary>Makes an API key's successor, shown this once; the old key goes on for the overlap, so that nothing stops meanwhile.</summary>
internal static class RotateApiKey
{
    private const int MostHours = 720;

    [Needs(IdentityPermissions.ApiKeysManage), InPerson]
    public sealed record Command(ApiKeyId Id, int OverlapHours) : ICommand<IssuedKeyView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfApiKey(Id);
    }

    public sealed record Body(int OverlapHours = 24);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.OverlapHours).InclusiveBetween(0, MostHours);
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, ManagedApiKeys keys, RoleBook roles, CredentialCache cache, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, IssuedKeyView>
    {
        public async Task<Result<IssuedKeyView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await keys.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var key))
                return refusal;
            if (await db.ApiKeys.AnyAsync(x => x.RotatedFrom == key.Id, cancellationToken))
                return ApiKeyRefusals.AlreadyRotated;
            if (key.Rotate(TimeSpan.FromHours(command.OverlapHours), principal.AsMaker(), clock.GetUtcNow()).Refused(out refusal, out var next))
                return refusal;
            // Whoever is shown the secret has what it opens.
            var role = await roles.HeldAsync(key.Role, key.CustomRoleId, key.OwnerPath, cancellationToken);
            if (roles.Exceeding(role.Within(key.Scopes), key.OwnerPath) is { } more)
                return ApiKeyRefusals.ExceedsOwn(more);

            db.Add(next.Row);
            cache.ForgetAfterCommit(session);
            return IssuedKeyView.Of(next.Row, next.Key);
        }
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapPost("/{id:guid}/rotate", (Guid id, Body? body, ISender sender, CancellationToken ct) =>
            sender.Created(new Command(new ApiKeyId(id), (body ?? new Body()).OverlapHours), x => $"/api/v1/api-keys/{x.Id.Value}", ct))
        .Slice<Command, IssuedKeyView>(nameof(RotateApiKey), "Makes an API key's successor, shown this once", StatusCodes.Status201Created)
        .WithMetadata(new CarriesSecret(), new TakesIfMatch());
}

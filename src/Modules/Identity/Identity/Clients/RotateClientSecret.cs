using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Clients;

/// <summary>Gives a client another secret, shown this once; the ones before stay good for an overlap.</summary>
internal static class RotateClientSecret
{
    private const int UsualOverlap = 24;
    private const int LongestOverlap = 720;

    [Needs(IdentityPermissions.ClientsManage), InPerson]
    public sealed record Command(ClientId Id, int OverlapHours) : ICommand<IssuedSecretView>, IConcerns
    {
        Concern? IConcerns.Concern => Concern.OfClient(Id);
    }

    /// <param name="OverlapHours">How long the secrets before stay good; 0 ends them now, with every token of the client.</param>
    public sealed record Body(int OverlapHours = UsualOverlap);

    public sealed record IssuedSecretView(ClientId ClientId, Guid SecretId, string Secret, DateTimeOffset CreatedAt, DateTimeOffset OthersEndAt);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.OverlapHours).InclusiveBetween(0, LongestOverlap);
    }

    internal sealed class Handler(ManagedClients clients, ClientRights rights, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, IssuedSecretView>
    {
        public async Task<Result<IssuedSecretView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await clients.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var client))
                return refusal;
            var (now, overlap, epoch) = (clock.GetUtcNow(), TimeSpan.FromHours(command.OverlapHours), client.Epoch);
            if ((await rights.OfAsync(client, cancellationToken)).Refused(out refusal, out _)
                || client.RotateSecret(overlap, principal.AsMaker(), now).Refused(out refusal, out var issued))
                return refusal;

            await clients.ChangedAsync(client, epoch, cancellationToken);
            return new IssuedSecretView(client.Id, issued.Secret.Id, issued.Clear, now, now + overlap);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapPost("/{id:guid}/secrets", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Created(new Command(new ClientId(id), body.OverlapHours), _ => $"/api/v1/clients/{id}", ct))
        .Slice<Command, IssuedSecretView>(
            nameof(RotateClientSecret), "Gives an OAuth client another secret, shown this once", StatusCodes.Status201Created)
        .WithMetadata(new CarriesSecret(), new TakesIfMatch());
}

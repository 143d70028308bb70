using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>
/// Changes how an edition is sold from now on, or takes it off sale; what is absent stays. Licences that exist keep what they are of.
/// </summary>
internal static class ChangeLicenseEdition
{
    public sealed record Body(
        int? Version = null, int? DurationMonths = null, string? Quantity = null, int? Users = null, decimal? Points = null,
        IReadOnlyList<Money>? Prices = null, IReadOnlyDictionary<string, string>? Names = null, bool? OnSale = null);

    [Needs(CatalogPermissions.EditionsManage)]
    public sealed record Command(LicenseEditionId Id, Body Change) : ICommand<LicenseEditionView>;

    internal sealed class Handler(CatalogDb db, Precondition precondition) : ICommandHandler<Command, LicenseEditionView>
    {
        public async Task<Result<LicenseEditionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var edition = await db.LicenseEditions.SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (edition is null)
                return EditionRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(edition))
                return Precondition.Failed;

            var (change, basis) = (command.Change, edition.Terms);
            var terms = basis with
            {
                LicenseVersion = change.Version ?? basis.LicenseVersion,
                DurationMonths = change.DurationMonths ?? basis.DurationMonths,
                Quantity = change.Quantity ?? basis.Quantity,
                Users = change.Users ?? basis.Users,
                Points = change.Points ?? basis.Points,
                Prices = change.Prices ?? basis.Prices,
                Names = change.Names is { } names ? EditionRules.InCapitals(names) : basis.Names,
            };
            if (EditionRules.Broken(terms) is { } refusal)
                return refusal;
            edition.Change(terms, change.OnSale ?? edition.OnSale);
            return await db.SavedAsync(() => LicenseEditionView.Of(edition), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder editions) => editions
        .MapPatch("/{id:guid}",
            (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Ok(new Command(new LicenseEditionId(id), body), ct))
        .Slice<Command, LicenseEditionView>(nameof(ChangeLicenseEdition), "Changes a licence edition or takes it off sale");
}

using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>
/// Renames a list or changes the days on which it holds. What is billed stays billed; months not yet rated take the prices that are then
/// in force on their first day. Whom it is for and its currency never change: that would be another list (clone it).
/// </summary>
internal static class ChangePriceList
{
    /// <param name="Name">For people.</param>
    /// <param name="ValidFrom">The first day of a month.</param>
    public sealed record Body(string? Name = null, DateOnly? ValidFrom = null)
    {
        /// <summary>The first day without these prices; null: no end.</summary>
        public Optional<DateOnly?> ValidUntil { get; init; }
    }

    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Command(PriceListId Id, string? Name, DateOnly? ValidFrom, Optional<DateOnly?> ValidUntil) : ICommand<PriceListView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Name!).IsName().When(x => x.Name is not null);
    }

    internal sealed class Handler(CatalogDb db, PriceItems items, Precondition precondition, Principal principal)
        : ICommandHandler<Command, PriceListView>
    {
        public async Task<Result<PriceListView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var list = await db.PriceLists.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (list is null)
                return PriceListRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(list))
                return Precondition.Failed;
            if (list.Change(command.Name ?? list.Name, command.ValidFrom ?? list.ValidFrom, command.ValidUntil.Or(list.ValidUntil))
                .Refused(out var refusal, out _))
                return refusal;
            if (await items.ClashAsync(list, cancellationToken) is { } clash)
                return clash;
            return await db.SavedAsync(() => PriceListView.Of(list), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapPatch("/{id:guid}", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new PriceListId(id), body.Name, body.ValidFrom, body.ValidUntil), ct))
        .Slice<Command, PriceListView>(nameof(ChangePriceList), "Renames a price list or changes its validity");
}

using FluentValidation;
using Licensing.Catalog.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>Adds a price list with its first items.</summary>
internal static class CreatePriceList
{
    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Command(
        string Key, string Name, PriceScope Scope, Currency Currency, DateOnly ValidFrom, DateOnly? ValidUntil = null, string? Region = null,
        OrganizationId? TenantId = null, Guid? SubscriptionId = null, IReadOnlyList<ItemBody>? Items = null)
        : ICommand<PriceListView>, IPriceValidity;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Key).IsKey();
            RuleFor(x => x.Name).IsName();
            Include(new PriceValidityRules());
        }
    }

    internal sealed class Handler(CatalogDb db, PriceItems items, PriceOwners owners, TimeProvider clock)
        : ICommandHandler<Command, PriceListView>
    {
        public async Task<Result<PriceListView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var target = new PriceTarget(command.Scope, command.Region, command.TenantId, command.SubscriptionId);
            if (target.Check().ToList() is { Count: > 0 } errors)
                return Refusal.AllFields(errors);
            if (await db.PriceLists.AnyAsync(x => x.Key == command.Key, cancellationToken))
                return PriceListRefusals.KeyTaken;
            if ((await owners.OwnerAsync(target, cancellationToken)).Refused(out var refusal, out var owner))
                return refusal;

            var list = PriceList.Create(
                command.Key, command.Name, target, owner.Path, command.Currency, command.ValidFrom, command.ValidUntil, clock.GetUtcNow());
            db.Add(list);
            // The items refer to the list's row.
            await db.SaveChangesAsync(cancellationToken);
            var from = new PriceMonths.Start(list.ValidFrom, IsSaid: false);
            return (await items.PutAsync(list, command.Items ?? [], from, cancellationToken)).Refused(out refusal, out _)
                ? refusal
                : PriceListView.Of(list);
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/pricing/{x.Id.Value}", ct))
        .Slice<Command, PriceListView>(nameof(CreatePriceList), "Creates a price list", StatusCodes.Status201Created);
}

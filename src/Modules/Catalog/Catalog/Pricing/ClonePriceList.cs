using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Pricing;

/// <summary>
/// Copies a list with all its items, for other days or for someone else; in the same currency, or its numbers would mean something else.
/// </summary>
internal static class ClonePriceList
{
    /// <param name="Key">Of the new list.</param>
    /// <param name="ValidFrom">The first day of a month.</param>
    /// <param name="ValidUntil">The first day without these prices; null: no end.</param>
    /// <param name="Name">As the original when absent.</param>
    /// <param name="Scope">Whom the new list is for; absent with the three below: the same as the original.</param>
    /// <param name="Region">As its scope has it.</param>
    /// <param name="TenantId">As its scope has it.</param>
    /// <param name="SubscriptionId">As its scope has it.</param>
    public sealed record Body(
        string Key, DateOnly ValidFrom, DateOnly? ValidUntil = null, string? Name = null, PriceScope? Scope = null, string? Region = null,
        OrganizationId? TenantId = null, Guid? SubscriptionId = null);

    [Needs(CatalogPermissions.PricesManage)]
    public sealed record Command(PriceListId Id, Body Copy) : ICommand<PriceListView>, IPriceValidity
    {
        public DateOnly ValidFrom => Copy.ValidFrom;

        public DateOnly? ValidUntil => Copy.ValidUntil;
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Copy.Key).IsKey().OverridePropertyName(nameof(Body.Key));
            RuleFor(x => x.Copy.Name!).IsName().OverridePropertyName(nameof(Body.Name)).When(x => x.Copy.Name is not null);
            Include(new PriceValidityRules());
        }
    }

    internal sealed class Handler(CatalogDb db, PriceItems items, PriceOwners owners, AuditTrail audit, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, PriceListView>
    {
        public async Task<Result<PriceListView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var copy = command.Copy;
            var original = await db.PriceLists.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (original is null)
                return PriceListRefusals.NotFound(command.Id.Value);
            var target = copy is { Scope: null, Region: null, TenantId: null, SubscriptionId: null }
                ? original.Target
                : new PriceTarget(copy.Scope ?? original.Scope, copy.Region, copy.TenantId, copy.SubscriptionId);
            if (target.Check().ToList() is { Count: > 0 } errors)
                return Refusal.AllFields(errors);
            if (await db.PriceLists.AnyAsync(x => x.Key == copy.Key, cancellationToken))
                return PriceListRefusals.KeyTaken;
            if ((await owners.OwnerAsync(target, cancellationToken)).Refused(out var refusal, out var owner))
                return refusal;

            var list = PriceList.Create(
                copy.Key, copy.Name ?? original.Name, target, owner.Path, original.Currency, copy.ValidFrom, copy.ValidUntil, clock.GetUtcNow());
            db.Add(list);
            // The items refer to the list's row.
            await db.SaveChangesAsync(cancellationToken);
            if ((await items.CopyAsync(original.Id, list, cancellationToken)).Refused(out refusal, out var copied))
                return refusal;
            audit.Note("price_list_items", list.Id.Value.ToString(), list.OwnerPath,
                new() { ["copiedFrom"] = original.Key, ["count"] = copied.Count });
            return PriceListView.Of(list);
        }
    }

    public static void Map(RouteGroupBuilder pricing) => pricing
        .MapPost("/{id:guid}/clone", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Created(new Command(new PriceListId(id), body), x => $"/api/v1/pricing/{x.Id.Value}", ct))
        .Slice<Command, PriceListView>(nameof(ClonePriceList), "Copies a price list with its items under a new key", StatusCodes.Status201Created);
}

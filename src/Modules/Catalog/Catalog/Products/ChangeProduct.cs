using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

/// <summary>Renames a product or replaces the rules of its features; every process follows the new ones within seconds.</summary>
internal static class ChangeProduct
{
    /// <param name="Name">For people.</param>
    /// <param name="Features">All of them, with their rules; those that are there must stay.</param>
    public sealed record Body(string? Name = null, IReadOnlyList<FeatureRule>? Features = null);

    [Needs(CatalogPermissions.ProductsManage)]
    public sealed record Command(ProductId Id, string? Name, IReadOnlyList<FeatureRule>? Features) : ICommand<ProductView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Name!).IsName().When(x => x.Name is not null);
    }

    internal sealed class Handler(CatalogDb db, CatalogMemory memory, Precondition precondition) : ICommandHandler<Command, ProductView>
    {
        public async Task<Result<ProductView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var product = await db.Products.SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (product is null)
                return ProductRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(product))
                return Precondition.Failed;
            if (product.Change(command.Name, command.Features).Refused(out var refusal, out _))
                return refusal;
            // The ETag is of the new version, which saving makes.
            await db.SaveChangesAsync(cancellationToken);
            // Whoever reads the old rules again before the commit keeps them for seconds, as another process would.
            memory.Forget(product.Key);
            return ProductView.Of(product);
        }
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapPatch("/{id:guid}", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new ProductId(id), body.Name, body.Features), ct))
        .Slice<Command, ProductView>(nameof(ChangeProduct), "Renames a product or replaces the rules of its features");
}

using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Products;

/// <summary>Adds something to sell, with the rules of its quantities as data.</summary>
internal static class CreateProduct
{
    [Needs(CatalogPermissions.ProductsManage)]
    public sealed record Command(string Key, string Name, IReadOnlyList<FeatureRule> Features) : ICommand<ProductView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Key).IsKey();
            RuleFor(x => x.Name).IsName();
        }
    }

    internal sealed class Handler(CatalogDb db, TimeProvider clock) : ICommandHandler<Command, ProductView>
    {
        public async Task<Result<ProductView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Products.AnyAsync(x => x.Key == command.Key, cancellationToken))
                return ProductRefusals.KeyTaken;
            if (Product.Create(command.Key, command.Name, command.Features, clock.GetUtcNow()).Refused(out var refusal, out var product))
                return refusal;

            db.Add(product);
            return ProductView.Of(product);
        }
    }

    public static void Map(RouteGroupBuilder products) => products
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/products/{x.Id.Value}", ct))
        .Slice<Command, ProductView>(nameof(CreateProduct), "Creates a product with its features and rules", StatusCodes.Status201Created);
}

using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Meters;

/// <summary>Adds a kind of usage, so that records and charges can name it.</summary>
internal static class CreateMeter
{
    [Needs(CatalogPermissions.MetersManage)]
    public sealed record Command(string Key, string Unit, MeterAggregation Aggregation) : ICommand<MeterView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Key).IsKey();
            RuleFor(x => x.Unit).NotEmpty().MaximumLength(60);
        }
    }

    internal sealed class Handler(CatalogDb db, TimeProvider clock) : ICommandHandler<Command, MeterView>
    {
        public async Task<Result<MeterView>> Handle(Command request, CancellationToken cancellationToken)
        {
            if (await db.Meters.AnyAsync(x => x.Key == request.Key, cancellationToken))
                return MeterRefusals.KeyTaken;

            var meter = Meter.Create(request.Key, request.Unit, request.Aggregation, clock.GetUtcNow());
            db.Add(meter);
            return MeterView.Of(meter);
        }
    }

    public static void Map(RouteGroupBuilder meters) => meters
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/meters/{x.Id.Value}", ct))
        .Slice<Command, MeterView>(nameof(CreateMeter), "Creates a meter", StatusCodes.Status201Created);
}

using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Meters;

/// <summary>Adds a kind of usage, so that records and charges can name it.</summary>
internal static class CreateMeter
{
    public const int MostDimensions = 20;
    public const int LongestDimension = 64;
    private const int LongestUnit = 60;

    /// <param name="Key">By which records and charges name it.</param>
    /// <param name="Unit">For people.</param>
    /// <param name="Aggregation">How quantities become one number.</param>
    /// <param name="Dimensions">Keys that its records may have as dimensions; absent or empty: any.</param>
    [Needs(CatalogPermissions.MetersManage)]
    public sealed record Command(string Key, string Unit, MeterAggregation Aggregation, IReadOnlyList<string>? Dimensions = null)
        : ICommand<MeterView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Key).IsKey();
            RuleFor(x => x.Unit).NotEmpty().MaximumLength(LongestUnit);
            RuleFor(x => x.Dimensions).Must(d => d is null || d.Count <= MostDimensions).WithErrorCode("count")
                .WithMessage($"dimensions must have at most {MostDimensions} entries.");
            RuleFor(x => x.Dimensions).Must(d => d is null || d.Distinct().Count() == d.Count).WithErrorCode("duplicate")
                .WithMessage("dimensions must not name a key twice.");
            RuleForEach(x => x.Dimensions).Must(d => !string.IsNullOrWhiteSpace(d) && d.Length <= LongestDimension && !d.Any(char.IsControl))
                .WithErrorCode("dimension")
                .WithMessage($"A dimension's key must have 1 to {LongestDimension} characters, none of them a control character.");
        }
    }

    internal sealed class Handler(CatalogDb db, TimeProvider clock) : ICommandHandler<Command, MeterView>
    {
        public async Task<Result<MeterView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Meters.AnyAsync(x => x.Key == command.Key, cancellationToken))
                return MeterRefusals.KeyTaken;

            var meter = Meter.Create(command.Key, command.Unit, command.Aggregation, command.Dimensions ?? [], clock.GetUtcNow());
            db.Add(meter);
            return MeterView.Of(meter);
        }
    }

    public static void Map(RouteGroupBuilder meters) => meters
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/meters/{x.Id.Value}", ct))
        .Slice<Command, MeterView>(nameof(CreateMeter), "Creates a meter", StatusCodes.Status201Created);
}

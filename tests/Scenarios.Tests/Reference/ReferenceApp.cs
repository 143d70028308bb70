using System.Text.Json.Nodes;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Licensing.Scenarios.Reference;

/// <summary>The host with a few endpoints of every kind beside those of the modules, and its document.</summary>
public sealed class ReferenceApp : App
{
    public JsonNode Document { get; private set; } = null!;

    public JsonNode Schema(string name) => Document["components"]!["schemas"]![name]!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        using var client = Anonymous();
        Document = JsonNode.Parse(await client.GetStringAsync("/swagger/v1/swagger.json", TestContext.Current.CancellationToken))!;
    }

    protected override void Map(IEndpointRouteBuilder routes)
    {
        var samples = routes.MapGroup("/api/v1/samples").WithTags("Samples");
        samples.MapPost(
            "/", (CreateSample.Command body, ISender sender, CancellationToken ct) => sender.Created(body, s => $"/api/v1/samples/{s.Id.Value}", ct))
            .Slice<CreateSample.Command, SampleView>(nameof(CreateSample), "Creates a sample", StatusCodes.Status201Created)
            .MaxBody(4096);
        samples.MapPatch("/{id:guid}",
            (Guid id, ChangeSample.Body body, ISender sender, CancellationToken ct) => sender.Ok(new ChangeSample.Command(id, body), ct))
            .Slice<ChangeSample.Command, SampleView>(nameof(ChangeSample), "Changes a sample")
            .WithMetadata(new SliceExample(Request: new { name = "Renamed" }));
        samples.MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new RemoveSample.Command(id), ct))
            .Slice<RemoveSample.Command>(nameof(RemoveSample), "Removes a sample");
        samples.MapGet("/", (int? limit, string? after, Period? period, SampleKind? kind, ISender sender, CancellationToken ct) =>
                sender.Ok(new ListSamples.Query(limit, after, period, kind), ct))
            .Slice<ListSamples.Query, Page<SampleView>>(nameof(ListSamples), "Samples, newest first");
        routes.MapGet("/WebApi/ResellerService/samples", (ISender sender, CancellationToken ct) => sender.Ok(new SampleOfReseller.Query(), ct))
            .Slice<SampleOfReseller.Query, SampleLabel>(nameof(SampleOfReseller), "A sample of another door").WithTags("Samples");
        routes.MapPost("/api/v1/samples/greeting", (GreetSample.Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
            .Slice<GreetSample.Command, SamplePart>(nameof(GreetSample), "Greets anyone").WithTags("Samples");
    }
}

public readonly record struct SampleId(Guid Value) : IId<SampleId>;

public enum SampleKind { Small, Large }

/// <summary>A part of a sample.</summary>
/// <param name="Quantity">How much of it.</param>
/// <param name="Inner">A part of the part.</param>
public sealed record SamplePart(decimal Quantity, SamplePart? Inner = null);

/// <summary>What another door tells of a sample.</summary>
/// <param name="Text">What it says.</param>
public sealed record SampleLabel(string Text);

public sealed record SampleView(
    SampleId Id, string Name, string? Note, SampleKind Kind, SampleKind? Former, Money Price, Money? Discount, Exact Rate, Period Term,
    DateOnly StartsOn, DateTimeOffset CreatedAt, IReadOnlyList<SamplePart> Parts, IReadOnlyDictionary<string, decimal> Seats, SamplePart? Best,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IVersioned;

internal static class CreateSample
{
    [Needs("samples.manage")]
    public sealed record Command(string Name, SampleKind Kind, Money Price, SamplePart Part, int Count = 1, string? Note = null)
        : ICommand<SampleView>;
}

internal static class ChangeSample
{
    public sealed record Body
    {
        public Optional<string> Name { get; init; }

        public Optional<string?> Note { get; init; }

        public Optional<decimal?> Rate { get; init; }

        public Optional<SamplePart> Part { get; init; }
    }

    [Needs("samples.manage")]
    public sealed record Command(Guid Id, Body Body) : ICommand<SampleView>;
}

internal static class RemoveSample
{
    [Needs("samples.manage")]
    public sealed record Command(Guid Id) : ICommand<Done>;
}

internal static class ListSamples
{
    [AnyCaller]
    public sealed record Query(int? Limit, string? After, Period? Period, SampleKind? Kind) : IQuery<Page<SampleView>>;
}

internal static class SampleOfReseller
{
    [AnyCaller]
    public sealed record Query : IQuery<SampleLabel>;
}

internal static class GreetSample
{
    [Anyone]
    public sealed record Command(string Name) : ICommand<SamplePart>;
}

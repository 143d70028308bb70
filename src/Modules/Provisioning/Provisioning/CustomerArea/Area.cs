using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Licenses;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The envelope of this door's answers.</summary>
/// <param name="Code">200.</param>
/// <param name="Content">The answer.</param>
/// <param name="Next">Where a list goes on, for <c>after</c>; absent on the last page.</param>
internal sealed record Envelope<T>(int Code, T Content, string? Next);

/// <summary>How this door's routes are mapped and what their answers look like.</summary>
internal static class Area
{
    private const int MostBytes = 64 * 1024;

    // Its own JSON: snake_case, and amounts as numbers.
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new IdJsonConverter(), new JsonStringEnumConverter(), new PlainNumbers() },
    };

    extension(IEndpointRouteBuilder area)
    {
        public void MapAreaGet<TRequest, TView>(
            string path, string name, string summary, string[] parameters, Func<Parameters, ISender, CancellationToken, Task<IHttpResult>> run) => area
            .MapArea<TRequest, TView>(HttpMethods.Get, path, name, summary, parameters, run).WithMetadata(new ReadsQuery(parameters));

        public RouteHandlerBuilder MapAreaPost<TRequest, TView>(
            string path, string name, string summary, string[] parameters, Func<Parameters, ISender, CancellationToken, Task<IHttpResult>> run) =>
            area.MapArea<TRequest, TView>(HttpMethods.Post, path, name, summary, parameters, run);

        private RouteHandlerBuilder MapArea<TRequest, TView>(
            string method, string path, string name, string summary, string[] parameters, Func<Parameters, ISender, CancellationToken, Task<IHttpResult>> run) => area
            .MapMethods("/customerarea" + path, [method], async (HttpContext context, ISender sender, CancellationToken ct) =>
            {
                // Some answers hold a token; nothing on the way keeps any of them.
                context.Response.Headers.CacheControl = "no-store";
                return (await Parameters.ReadAsync(context.Request, parameters, ct)).Refused(out var refusal, out var given)
                    ? new RefusedResult(refusal)
                    : await run(given, sender, ct);
            })
            .Slice<TRequest, Envelope<TView>>(name, summary)
            .MaxBody(MostBytes)
            .WithTags("Customer area");
    }

    extension<T>(Result<T> outcome) where T : notnull
    {
        /// <summary>The answer in the envelope, as <paramref name="content"/> shows it.</summary>
        public IHttpResult As<TContent>(Func<T, TContent> content, Func<T, string?>? next = null) => outcome.Refused(out var refusal, out var value)
            ? new RefusedResult(refusal)
            : new ViewResult<JsonNode>(Written(new Envelope<TContent>(StatusCodes.Status200OK, content(value), next?.Invoke(value))), StatusCodes.Status200OK);
    }

    extension<T>(Result<Page<T>> outcome)
    {
        public IHttpResult AsList<TItem>(Func<T, TItem> item) => outcome.As(page => page.Items.Select(item).ToList(), page => page.Next);
    }

    private static JsonObject Written<T>(Envelope<T> envelope)
    {
        var node = JsonSerializer.SerializeToNode(envelope, Json)!.AsObject();
        if (envelope.Next is null)
            node.Remove("next");
        return node;
    }

    // Without the zeros that a column's scale leaves at the end.
    private sealed class PlainNumbers : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value / 1.0000000000000000000000000000m);
    }
}

/// <summary>A licence in this door's words.</summary>
internal sealed record AreaLicense(
    Guid LicenseId, string LicenseCode, string LicenseName, string? LicenseInfo, string LicenseVersion, string? LicenseDurationMonths, int? LicenseDurationDays,
    string LicenseQuantity, decimal LicensePoints, decimal LicenseAmount, string? LicenseAmountCurrency, LicenseStatus LicenseState, DateOnly? StartsOn,
    DateOnly? EndsOn, Guid? RenewsLicenseId, Guid? RenewedByLicenseId, DateTimeOffset CreatedAt, DateTimeOffset? CancelledAt)
{
    public static AreaLicense Of(LicenseView x, string language) => new(
        x.Id.Value, x.Code, x.Names.InLanguage(language), x.Info, Text(x.LicenseVersion), x.DurationMonths is { } months ? Text(months) : null, x.DurationDays,
        x.Quantity, x.Points, x.Price?.Amount ?? 0, x.Price?.Currency.Code, x.Status, x.StartsOn, x.EndsOn, x.Renews?.Value, x.RenewedBy?.Value, x.CreatedAt,
        x.CancelledAt);

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

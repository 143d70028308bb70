using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Microsoft.Extensions.DependencyInjection;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>
/// How this door's routes are mapped and what their answers look like. What a route reads are the parameters of its record and no others.
/// </summary>
internal static class Area
{
    private const int MostBytes = 64 * 1024;

    /// <summary>Where none is named.</summary>
    public static Currency Currency { get; } = Currency.Parse("EUR");

    extension(IEndpointRouteBuilder area)
    {
        public RouteHandlerBuilder MapAreaGet<TAsked, TRequest, TView>(
            string path, string name, string summary, Func<TAsked, ISender, CancellationToken, Task<IHttpResult>> run) where TAsked : class =>
            area.MapArea<TAsked, TRequest, TView>(HttpMethods.Get, path, name, summary, run);

        public RouteHandlerBuilder MapAreaPost<TAsked, TRequest, TView>(
            string path, string name, string summary, Func<TAsked, ISender, CancellationToken, Task<IHttpResult>> run) where TAsked : class =>
            area.MapArea<TAsked, TRequest, TView>(HttpMethods.Post, path, name, summary, run);

        private RouteHandlerBuilder MapArea<TAsked, TRequest, TView>(
            string method, string path, string name, string summary, Func<TAsked, ISender, CancellationToken, Task<IHttpResult>> run)
                where TAsked : class
        {
            var shape = new Shape<TAsked>(area.ServiceProvider.GetRequiredService<Dialects>().Of(CustomerAreaDialect.Root).Json);
            var endpoint = area
                .MapMethods(CustomerAreaDialect.Root + path, [method], async (HttpContext context, ISender sender, CancellationToken ct) =>
                {
                    // Some answers hold a token; nothing on the way keeps any of them.
                    context.Response.Headers.CacheControl = "no-store";
                    return (await Parameters.ReadAsync(context.Request, shape, ct)).Refused(out var refusal, out var asked)
                        ? new RefusedResult(refusal)
                        : await run(asked, sender, ct);
                })
                .Slice<TRequest, Envelope<TView>>(name, summary)
                .WithMetadata(new ReadsParameters(typeof(TAsked), method == HttpMethods.Get ? shape.Names : []))
                .MaxBody(MostBytes)
                .WithTags("Customer area");
            // For the reference: whoever names a customer may name one that is not his.
            return shape.Names.Contains("customer_code") ? endpoint.Produces(StatusCodes.Status404NotFound) : endpoint;
        }
    }

    extension<T>(Result<T> outcome) where T : notnull
    {
        /// <summary>The answer in the envelope, as <paramref name="content"/> shows it.</summary>
        public IHttpResult As<TContent>(Func<T, TContent> content, Func<T, string?>? next = null) => outcome.Refused(out var refusal, out var value)
            ? new RefusedResult(refusal)
            : new ViewResult<Envelope<TContent>>(new(StatusCodes.Status200OK, content(value), next?.Invoke(value)), StatusCodes.Status200OK);
    }

    extension<T>(Result<Page<T>> outcome)
    {
        public IHttpResult AsList<TItem>(Func<T, TItem> item) => outcome.As(page => page.Items.Select(item).ToList(), page => page.Next);
    }
}

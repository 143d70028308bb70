using Licensing.Kernel.Http;

namespace Licensing.Identity.OAuth;

internal static class OAuthEndpoints
{
    extension(RouteGroupBuilder routes)
    {
        /// <summary>A POST that takes a form and sends what <paramref name="request"/> makes of it; nobody may keep its answer.</summary>
        public RouteHandlerBuilder MapForm<TView>(string pattern, Func<OAuthForm, MediatR.IRequest<Result<TView>>> request)
            where TView : notnull => routes
            .MapPost(pattern, async Task<IResult> (HttpContext context, ISender sender, CancellationToken ct) =>
            {
                context.Response.Headers.CacheControl = "no-store";
                return (await OAuthForm.ReadAsync(context, ct)).Refused(out var refusal, out var form)
                    || (await sender.Send(request(form), ct)).Refused(out refusal, out var view) ? new RefusedResult(refusal)
                    : view is Done ? TypedResults.Ok()
                    : new ViewResult<TView>(view, StatusCodes.Status200OK);
            })
            .MaxBody(OAuthForm.MostBytes)
            .WithMetadata(new RetriesItself());
    }
}

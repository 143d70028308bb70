using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Doors.Reseller;

/// <summary>What a method has at hand beside the fields of its request.</summary>
public sealed class ResellerCall(HttpContext context)
{
    /// <summary>Ends when the caller hangs up, or when the call's time is over.</summary>
    public CancellationToken Ct => context.RequestAborted;

    public Principal Principal => Of<Principal>();

    public T Of<T>() where T : notnull => context.RequestServices.GetRequiredService<T>();

    public Task<TResponse> SendAsync<TResponse>(MediatR.IRequest<TResponse> request) => Of<ISender>().Send(request, Ct);
}

/// <summary>Rows that are read while they are sent.</summary>
public sealed record ResellerStream<TRow>(IAsyncEnumerable<TRow> Rows);

/// <summary>How modules put their methods on the reseller service.</summary>
public static class ResellerMethods
{
    private static readonly Dictionary<string, string> SameNames = [];

    extension(IHostApplicationBuilder host)
    {
        public void AddResellerService()
        {
            var settings = host.Configuration.GetSection("Reseller").Get<ResellerSettings>() ?? new ResellerSettings();
            settings.Check();
            host.Services.AddSingleton(settings);
            host.Services.AddSingleton<Dialect, ResellerDialect>();
        }
    }

    extension(IApplicationBuilder app)
    {
        /// <summary>Before the conventions of all doors, whose waiting is a part of a call's time.</summary>
        public void UseResellerService() => app.UseMiddleware<ResellerBudget>();
    }

    extension(IEndpointRouteBuilder routes)
    {
        /// <summary>A method of the service: POST with one object, and GET with a query where its name begins with Get or Search.</summary>
        /// <typeparam name="TAsked">The fields of its request; those with a default may be left out.</typeparam>
        /// <typeparam name="TRequest">What it sends, whose permission it needs.</typeparam>
        /// <typeparam name="TView">Its result; the name of the type is the name of the document.</typeparam>
        /// <param name="method">Its name in the path.</param>
        /// <param name="summary">One line for the reference.</param>
        /// <param name="run">Sends it.</param>
        /// <param name="names">The door's names of the fields that what is sent calls otherwise.</param>
        public void MapReseller<TAsked, TRequest, TView>(
            string method, string summary, Func<TAsked, ResellerCall, Task<Result<TView>>> run, IReadOnlyDictionary<string, string>? names = null)
            where TAsked : class where TView : notnull =>
            routes.MapResellerAnswer<TAsked, TRequest, TView>(method, summary, async (asked, call) =>
                (await run(asked, call)).Refused(out var refusal, out var view)
                    ? new RefusedResult(ResellerRefusals.Named(refusal, names ?? SameNames))
                    : new ResellerResult<TView>(view));

        /// <summary>As the other, of a list that is read while it is sent; as CSV too.</summary>
        /// <param name="method">Its name in the path.</param>
        /// <param name="summary">One line for the reference.</param>
        /// <param name="run">Begins it.</param>
        /// <param name="fileName">Under which a browser keeps a CSV.</param>
        public void MapResellerRows<TAsked, TRequest, TView, TRow>(
            string method, string summary, Func<TAsked, ResellerCall, Task<Result<ResellerStream<TRow>>>> run, string fileName)
            where TAsked : class where TRow : notnull =>
            routes.MapResellerAnswer<TAsked, TRequest, TView>(method, summary, async (asked, call) =>
                (await run(asked, call)).Refused(out var refusal, out var rows)
                    ? new RefusedResult(ResellerRefusals.Named(refusal, SameNames))
                    : new ResellerRows<TView, TRow>(rows.Rows, fileName));

        private void MapResellerAnswer<TAsked, TRequest, TView>(
            string method, string summary, Func<TAsked, ResellerCall, Task<IHttpResult>> run) where TAsked : class
        {
            routes.MapOne<TAsked, TRequest, TView>(HttpMethods.Post, method, summary, run);
            if (method.StartsWith("Get", StringComparison.Ordinal) || method.StartsWith("Search", StringComparison.Ordinal))
                routes.MapOne<TAsked, TRequest, TView>(HttpMethods.Get, method, summary, run);
        }

        private void MapOne<TAsked, TRequest, TView>(
            string verb, string method, string summary, Func<TAsked, ResellerCall, Task<IHttpResult>> run) where TAsked : class
        {
            var shape = new ResellerShape<TAsked>(routes.ServiceProvider.GetRequiredService<Dialects>().Of(ResellerDialect.Root).Json);
            var isGet = verb == HttpMethods.Get;
            routes
                .MapMethods($"{ResellerDialect.Root}/{method}", [verb], async (HttpContext context) =>
                {
                    var read = await ResellerReader.ReadAsync(context.Request, shape, context.RequestAborted);
                    var answer = read.Refused(out var refusal, out var asked)
                        ? new RefusedResult(refusal)
                        : await run(asked, new ResellerCall(context));
                    if (answer is not IStreamed)
                        ResellerBudget.Decided(context);
                    return answer;
                })
                .Slice<TRequest, TView>($"Reseller{method}{(isGet ? "ByQuery" : "")}", summary)
                .WithMetadata(new ReadsParameters(typeof(TAsked), isGet ? shape.Names : []))
                .MaxBody(ResellerReader.MostBytes)
                .WithTags("Reseller service")
                // An answer to a question is not kept for a key: it may be of any length, and is another later.
                .WithMetadata([.. typeof(TRequest).IsAssignableTo(typeof(ICommand)) ? Array.Empty<object>() : [new RetriesItself()]]);
        }
    }

    /// <summary>An answer whose rows are read while they are sent, and so are a part of the call's time.</summary>
    internal interface IStreamed;
}

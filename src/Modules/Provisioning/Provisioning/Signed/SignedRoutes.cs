using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Signed;

/// <summary>How this door's requests come in: under either address, in JSON, and signed.</summary>
internal static class SignedRoutes
{
    private static readonly (string Path, string Name)[] Addresses = [(SignedDialect.Route, ""), (SignedDialect.Alias, "Alias")];

    /// <typeparam name="TCommand">What a request does.</typeparam>
    /// <typeparam name="TAnswer">What it answers.</typeparam>
    /// <typeparam name="TBody">What its body looks like, for the reference.</typeparam>
    public static void MapSigned<TCommand, TAnswer, TBody>(
        this IEndpointRouteBuilder routes, string method, string name, string summary, Func<SignedRequest, TCommand> command)
        where TCommand : ICommand<TAnswer> where TAnswer : notnull where TBody : notnull
    {
        foreach (var (path, alias) in Addresses)
            routes
                .MapMethods(path, [method], (HttpContext context, ISender sender, CancellationToken ct) =>
                    context.Request.HasJsonContentType() && context.Request.IsUtf8
                        ? sender.Ok(command(context.Features.Get<SignedRequest>()!), ct)
                        : Task.FromResult<Microsoft.AspNetCore.Http.IResult>(new RefusedResult(SignedRefusals.NotJson)))
                .Slice<TCommand, TAnswer>(name + alias, summary)
                .Accepts<TBody>("application/json")
                .MaxBody(SignedAuthenticator.MostBytes)
                .WithTags("Signed licensing");
    }
}

using System.Reflection;
using MediatR;

namespace Licensing.Kernel;

/// <summary>What a request type demands of its caller, read once from its attribute.</summary>
public sealed record RequestPolicy(string? Permission, bool AnyCaller, bool Anyone)
{
    public static RequestPolicy Of(Type request)
    {
        var needs = request.GetCustomAttribute<NeedsAttribute>();
        var anyCaller = request.GetCustomAttribute<AnyCallerAttribute>() is not null;
        var anyone = request.GetCustomAttribute<AnyoneAttribute>() is not null;
        if (new[] { needs is not null, anyCaller, anyone }.Count(x => x) != 1)
            throw new InvalidOperationException($"{request.FullName} must have exactly one of [Needs], [AnyCaller] and [Anyone].");
        return new RequestPolicy(needs?.Permission, anyCaller, anyone);
    }

    /// <summary>Stops the start-up when a request has no policy, or names a permission that no module declares.</summary>
    public static void Verify(IEnumerable<Type> requests, PermissionCatalog permissions)
    {
        foreach (var request in requests)
            if (Of(request).Permission is { } permission && !permissions.All.ContainsKey(permission))
                throw new InvalidOperationException($"{request.FullName} needs '{permission}', which no module declares.");
    }
}

internal sealed class AuthorizationBehavior<TRequest, TResponse>(Principal principal) : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>
    where TResponse : IResult<TResponse>
{
    private static readonly RequestPolicy Policy = RequestPolicy.Of(typeof(TRequest));

    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        var access = principal.Access;
        if (AuthorizationRefusals.Of(Policy, access) is { } notAllowed)
            return TResponse.Refuse(notAllowed);

        if (Policy.Permission is not null && request is ICommand && access.WritesRefused is { } refused)
            return TResponse.Refuse(refused);

        var outer = principal.Enter(Policy.Permission is { } needed ? access.ScopeFor(needed) : Scope.Of(access.Grants.Select(g => g.Path)));
        try
        {
            return await next();
        }
        finally
        {
            principal.Enter(outer);
        }
    }
}

public static class AuthorizationRefusals
{
    /// <summary>Why someone with <paramref name="access"/> may not send such a request at all, or null.</summary>
    public static Refusal? Of(RequestPolicy policy, Access access) =>
        !policy.Anyone && access.Kind is PrincipalKind.Anonymous ? Unauthenticated
        : policy.Permission is { } permission && !access.May(permission) ? NotAllowed(permission)
        : null;

    public static Refusal Unauthenticated { get; } =
        new(RefusalKind.Unauthenticated, "unauthenticated", "This needs a valid credential.");

    private static Refusal NotAllowed(string permission) =>
        new(RefusalKind.Forbidden, "not_allowed", $"Your roles do not include the permission {permission}.");
}

using System.Reflection;
using MediatR;

namespace Licensing.Kernel;

/// <summary>What a request type demands of its caller, read once from its attribute.</summary>
public sealed record RequestPolicy(string? Permission, bool AnyCaller, bool Anyone, bool InPerson = false, bool Writes = false)
{
    public static RequestPolicy Of(Type request)
    {
        var needs = request.GetCustomAttribute<NeedsAttribute>();
        var anyCaller = request.GetCustomAttribute<AnyCallerAttribute>() is not null;
        var anyone = request.GetCustomAttribute<AnyoneAttribute>() is not null;
        if (new[] { needs is not null, anyCaller, anyone }.Count(x => x) != 1)
            throw new InvalidOperationException($"{request.FullName} must have exactly one of [Needs], [AnyCaller] and [Anyone].");
        return new RequestPolicy(needs?.Permission, anyCaller, anyone, request.GetCustomAttribute<InPersonAttribute>() is not null,
            needs is not null && request.IsAssignableTo(typeof(ICommand)));
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
        : policy.InPerson && access.OpenedBy is not null ? NotInPerson
        : policy.Writes ? access.WritesRefused
        : null;

    public static Refusal Unauthenticated { get; } =
        new(RefusalKind.Unauthenticated, "unauthenticated", "This needs a valid credential.");

    public static Refusal NotInPerson { get; } =
        new(RefusalKind.Forbidden, "not_in_person",
            "Someone else opened this log-in for its owner: credentials and other ways in are made and changed only in a log-in of one's own.");

    private static Refusal NotAllowed(string permission) =>
        new(RefusalKind.Forbidden, "not_allowed", $"Your roles do not include the permission {permission}.");
}

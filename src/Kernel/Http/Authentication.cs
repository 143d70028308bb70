using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Kernel.Http;

/// <summary>What looking at a request's credential found: nothing of this scheme, someone, or a credential that does not hold.</summary>
public readonly record struct Proof(Access? Access, Refusal? Refusal)
{
    public static Proof None => default;

    public static implicit operator Proof(Access access) => new(access, null);

    public static implicit operator Proof(Refusal refusal) => new(null, refusal);
}

/// <summary>One authentication scheme; doors name the ones they take. Implemented by the module that owns credentials.</summary>
public interface IAuthenticator
{
    string Scheme { get; }

    /// <summary>Looks at the request. It may let a body that cannot be read throw: that counts as a credential that does not hold.</summary>
    ValueTask<Proof> AuthenticateAsync(HttpContext context, CancellationToken ct);
}

/// <summary>
/// Our own lean step in place of the stock authentication middleware, whose cost per request is the largest of a read. A bad
/// credential is refused even where none is needed, so that a caller learns of it at once.
/// </summary>
internal sealed class AuthenticationStep(RequestDelegate next, IEnumerable<IAuthenticator> authenticators, RateLimits limits)
{
    private readonly Dictionary<string, IAuthenticator> _byScheme = authenticators.ToDictionary(a => a.Scheme, StringComparer.Ordinal);

    public async Task InvokeAsync(HttpContext context)
    {
        var slice = context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>();
        context.RequestServices.GetRequiredService<Principal>().Address = context.Connection.RemoteIpAddress?.ToString() ?? "";
        foreach (var scheme in context.Dialect.Schemes)
        {
            if (!_byScheme.TryGetValue(scheme, out var authenticator))
                continue;
            var proof = await ProofAsync(authenticator, context);
            if (proof.Refusal is { } refusal)
            {
                // What is refused here never reaches the step that counts requests, and guessing at credentials must not be free.
                var spent = limits.SpendFailure(context);
                if (slice?.Policy.Anyone == true)
                    break;
                await context.Dialect.RefuseAsync(context, spent ?? refusal);
                return;
            }

            if (proof.Access is { } access)
            {
                context.RequestServices.GetRequiredService<Principal>().Become(access);
                break;
            }
        }

        // Asked before the body is read: what a caller may not do at all costs nothing and tells him nothing of the body's rules.
        if (slice is not null
            && AuthorizationRefusals.Of(slice.Policy, context.RequestServices.GetRequiredService<Principal>().Access) is { } refused)
        {
            await context.Dialect.RefuseAsync(context, limits.Spend(context) ?? refused);
            return;
        }

        await next(context);
    }

    private static async ValueTask<Proof> ProofAsync(IAuthenticator authenticator, HttpContext context)
    {
        try
        {
            return await authenticator.AuthenticateAsync(context, context.RequestAborted);
        }
        catch (Exception failure) when (ErrorStep.OfBody(failure) is { } unreadable)
        {
            // What cannot be read proves nothing, and is counted as such.
            return unreadable;
        }
    }
}

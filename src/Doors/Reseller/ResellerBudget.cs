using Licensing.Kernel.Dialects;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Doors.Reseller;

/// <summary>How long a call may take.</summary>
public sealed class ResellerSettings
{
    /// <summary>From when it came in until what it does is decided, or until the last row of a streamed answer is sent.</summary>
    public TimeSpan Budget { get; set; } = TimeSpan.FromSeconds(125);

    internal void Check()
    {
        if (Budget < TimeSpan.FromSeconds(1) || Budget > TimeSpan.FromHours(1))
            throw new InvalidOperationException("Reseller:Budget must be one second to one hour.");
    }
}

/// <summary>
/// Gives every call of the reseller service its time: past it the call's work is cancelled, by which its transaction goes back, and the answer is
/// 504. Outside everything else, so that what is waited for before a slice counts too.
/// </summary>
internal sealed class ResellerBudget(RequestDelegate next, ResellerSettings settings, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments(ResellerDialect.Alias, StringComparison.OrdinalIgnoreCase, out var method))
            context.Request.Path = ResellerDialect.Root + method;
        else if (!context.Request.Path.StartsWithSegments(ResellerDialect.Root, StringComparison.OrdinalIgnoreCase))
        {
            await next(context);
            return;
        }

        var caller = context.RequestAborted;
        using var spent = new CancellationTokenSource(settings.Budget, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(caller, spent.Token);
        var call = new Call(context, caller);
        context.Items[typeof(Call)] = call;
        context.RequestAborted = either.Token;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (spent.IsCancellationRequested && !caller.IsCancellationRequested)
        {
            // Told below.
        }
        finally
        {
            context.RequestAborted = caller;
        }

        if (!spent.IsCancellationRequested || call.IsDecided || caller.IsCancellationRequested)
            return;
        if (context.Response.HasStarted)
        {
            // Rows of it are with the caller: that there were to be more he learns from an answer without its end.
            context.Abort();
            return;
        }

        context.Response.Clear();
        await context.RequestServices.GetRequiredService<Dialects>().Of(context.Request.Path)
            .WriteAsync(context, StatusCodes.Status504GatewayTimeout, ResellerRefusals.OutOfTime);
    }

    /// <summary>Says that what the call does is done, or refused: what is left is to tell it, however late.</summary>
    public static void Decided(HttpContext context) => (context.Items[typeof(Call)] as Call)?.Decide();

    private sealed class Call(HttpContext context, CancellationToken caller)
    {
        public bool IsDecided { get; private set; }

        public void Decide()
        {
            IsDecided = true;
            context.RequestAborted = caller;
        }
    }
}

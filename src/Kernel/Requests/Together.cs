using System.Diagnostics;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel;

/// <summary>
/// A small command of which automation sends thousands. Those that one caller sends while others of his are being carried out are carried out together: one
/// transaction, each with its own answer and audit entry.
/// </summary>
public interface ITogether : ICommand;

/// <summary>Carries out several commands of one caller in one transaction; one instance per transaction, beside the handler of a single one.</summary>
public interface IHandleTogether<in TRequest, TResponse> where TRequest : ITogether
{
    /// <summary>Reads and holds what all of them are about.</summary>
    Task HoldAsync(IReadOnlyList<TRequest> requests, CancellationToken ct);

    /// <returns>
    /// Null where it is better carried out by itself, as whatever changes more than one node's things. Then, and where it is refused, it has changed nothing.
    /// </returns>
    Task<Together<TResponse>?> HandleAsync(TRequest request, CancellationToken ct);
}

/// <param name="Response">The answer.</param>
/// <param name="Path">Owner path of all that was changed for it; no two commands of one transaction share it.</param>
public sealed record Together<TResponse>(TResponse Response, string Path);

internal sealed class TogetherBehavior<TRequest, TResponse>(TogetherQueue<TRequest, TResponse> queue, Principal principal, DbSession session)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>, ITogether
    where TResponse : IResult<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next) =>
        !session.InTransaction && await queue.SendAsync(request, principal, cancellationToken) is { } done ? done.Response : await next();
}

/// <summary>Commands that wait for those before them. Nobody waits for company: who comes first goes alone, and whoever comes meanwhile goes next.</summary>
internal sealed class TogetherQueue<TRequest, TResponse>(IServiceScopeFactory scopes, TimeProvider clock)
    where TRequest : ITogether
    where TResponse : IResult<TResponse>
{
    private const int Most = 32;

    // While the database works for one, the host works for another.
    private const int AtOnce = 1;

    private static readonly string Action = SliceName.Of(typeof(TRequest));

    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid, string), Line> _lines = [];

    /// <returns>Null where it must be sent by itself.</returns>
    public Task<Together<TResponse>?> SendAsync(TRequest request, Principal principal, CancellationToken ct)
    {
        var sent = new Sent(request, principal.Access, principal.Scope, Activity.Current);
        var caller = (sent.By.Id, sent.By.Path);
        lock (_gate)
        {
            if (!_lines.TryGetValue(caller, out var line))
                _lines[caller] = line = new Line();
            line.Waiting.Enqueue(sent);
            if (line.Running < AtOnce)
            {
                line.Running++;
                using (ExecutionContext.SuppressFlow())
                    _ = Task.Run(() => RunAsync(caller, line), CancellationToken.None);
            }
        }

        // One who hangs up leaves the others their answers, and what he asked for done.
        return sent.Outcome.Task.WaitAsync(ct);
    }

    private async Task RunAsync((Guid, string) caller, Line line)
    {
        while (Next(caller, line) is { Count: > 0 } together)
            await CarryOutAsync(together);
    }

    private List<Sent> Next((Guid, string) caller, Line line)
    {
        lock (_gate)
        {
            var next = new List<Sent>();
            while (next.Count < Most && line.Waiting.TryDequeue(out var sent))
                next.Add(sent);
            if (next.Count == 0 && --line.Running == 0)
                _lines.Remove(caller);
            return next;
        }
    }

    private async Task CarryOutAsync(List<Sent> together)
    {
        var answers = new Together<TResponse>?[together.Count];
        var committing = false;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var session = scope.ServiceProvider.GetRequiredService<DbSession>();
            var audit = scope.ServiceProvider.GetRequiredService<AuditTrail>();
            var principal = scope.ServiceProvider.GetRequiredService<Principal>();
            principal.Become(together[0].By);
            principal.Enter(together[0].Within);
            var handler = scope.ServiceProvider.GetRequiredService<IHandleTogether<TRequest, TResponse>>();
            await session.BeginAsync(CancellationToken.None);
            await handler.HoldAsync([.. together.Select(t => t.Request)], CancellationToken.None);
            for (var i = 0; i < answers.Length; i++)
            {
                Activity.Current = together[i].Trace;
                answers[i] = await handler.HandleAsync(together[i].Request, CancellationToken.None);
            }

            Activity.Current = null;
            await session.SaveAsync(CancellationToken.None);
            var entries = Entries(together, answers, audit);
            committing = true;
            await session.CommitAsync(CancellationToken.None, scope.ServiceProvider.GetRequiredService<IAuditStore>().Append(entries));
        }
        // Whichever of them it was: each is told of its own trouble, by being sent by itself.
        catch (Exception failure) when (!committing || failure is PostgresException { InvariantSeverity: "ERROR" })
        {
            Array.Clear(answers);
        }
        catch (Exception unknown)
        {
            foreach (var sent in together)
                sent.Outcome.SetException(unknown);
            return;
        }

        foreach (var (sent, answer) in together.Zip(answers))
            sent.Outcome.SetResult(answer);
    }

    private List<AuditEntry> Entries(List<Sent> together, Together<TResponse>?[] answers, AuditTrail audit)
    {
        var now = clock.GetUtcNow();
        var changes = audit.Changes.ToLookup(c => c.Path);
        var done = together.Zip(answers).Where(x => x.Second is { Response.Refusal: null }).ToList();
        if (audit.IsFull || changes.Any(c => !done.Exists(x => x.Second!.Path == c.Key)) || done.DistinctBy(x => x.Second!.Path).Count() < done.Count)
            throw new InvalidOperationException($"{Action} changed together what cannot be told apart.");
        return [.. done.Select(x => new AuditEntry(now, x.First.By, Action, [.. changes[x.Second!.Path]], x.First.Trace?.TraceId.ToString()))];
    }

    private sealed class Line
    {
        public Queue<Sent> Waiting { get; } = new();
        public int Running { get; set; }
    }

    private sealed record Sent(TRequest Request, Access By, Scope Within, Activity? Trace)
    {
        public TaskCompletionSource<Together<TResponse>?> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

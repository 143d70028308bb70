using System.Collections.Concurrent;
using System.Diagnostics;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel;

/// <summary>
/// A small command of which automation sends thousands. Those that one caller sends while others of his are being carried out are carried
/// out together: one transaction, each with its own answer and audit entry. Not for what has to be asked again under a lock of its caller:
/// steps of modules behind the transaction's are left out.
/// </summary>
public interface ITogether : ICommand
{
    /// <summary>How many at most share a transaction.</summary>
    static virtual int Most => 32;

    /// <summary>Whether it is known beforehand that it is better carried out by itself.</summary>
    bool GoesAlone { get; }
}

/// <summary>
/// Carries out several commands of one caller in one transaction; one instance per transaction, beside the handler of a single one.
/// </summary>
public interface IHandleTogether<in TRequest, TResponse> where TRequest : ITogether
{
    /// <summary>Reads and holds what all of them are about.</summary>
    Task HoldAsync(IReadOnlyList<TRequest> requests, CancellationToken ct);

    /// <summary>Carries out one of them. Where it is refused, goes alone or comes later it has changed nothing.</summary>
    Task<Together<TResponse>> HandleAsync(TRequest request, CancellationToken ct);
}

public enum Turn
{
    /// <summary>It was carried out or refused.</summary>
    Done,

    /// <summary>It is better carried out by itself, as whatever changes more than one node's things.</summary>
    Alone,

    /// <summary>Somebody else is changing the same now, or another command of this transaction has: it comes again with the next ones.</summary>
    Later,
}

/// <summary>What became of one of several commands.</summary>
/// <param name="Turn">Whether it was its turn.</param>
/// <param name="Response">The answer, where it was.</param>
/// <param name="Path">Owner path of all that was changed for it; no two commands of one transaction share it.</param>
/// <param name="Changes">What was changed for it, where that is known without a path; null: what contexts noted under it.</param>
public readonly record struct Together<TResponse>(Turn Turn, TResponse Response, string Path, IReadOnlyList<AuditedChange>? Changes = null)
{
    public static Together<TResponse> Alone => new(Turn.Alone, default!, "");

    public static Together<TResponse> Later => new(Turn.Later, default!, "");

    public static Together<TResponse> Done(TResponse response, string path) => new(Turn.Done, response, path);

    public static Together<TResponse> Done(TResponse response, IReadOnlyList<AuditedChange> changes) => new(Turn.Done, response, "", changes);
}

internal sealed class TogetherBehavior<TRequest, TResponse>(TogetherQueue<TRequest, TResponse> queue, Principal principal, DbSession session)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>, ITogether
    where TResponse : IResult<TResponse>
{
    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next) =>
        !session.InTransaction && !request.GoesAlone
        && await queue.SendAsync(request, principal, cancellationToken) is { Turn: Turn.Done, Response: var done }
            ? done : await next();
}

/// <summary>Commands that wait for those of the same caller before them.</summary>
internal sealed class TogetherQueue<TRequest, TResponse>(IServiceScopeFactory scopes, GatheredDatabase gathered, TimeProvider clock)
    where TRequest : ITogether
    where TResponse : IResult<TResponse>
{
    private const int AtOnce = 2;
    private const int Turns = 4;

    private static readonly string Action = SliceName.Of(typeof(TRequest));

    // One for each caller that ever sent one, where he stood then and as far as he reached.
    private readonly ConcurrentDictionary<(Guid, string, string), Gathered<Sent, Together<TResponse>>> _lines = new();

    /// <returns>Its answer, or that it must be sent by itself.</returns>
    public async Task<Together<TResponse>> SendAsync(TRequest request, Principal principal, CancellationToken ct)
    {
        var line = _lines.GetOrAdd(
            (principal.Id, principal.Access.Path, string.Join(' ', principal.Scope.Roots)), _ => new(TRequest.Most, CarryOutAsync, AtOnce));
        var sent = new Sent(request, principal.Access, principal.Scope, Activity.Current);
        for (var turn = 1; turn <= Turns; turn++)
            if (await line.DoAsync(sent, ct) is { Turn: not Turn.Later } done)
                return done;
        // By itself it waits for whoever it is.
        return Together<TResponse>.Alone;
    }

    private async Task<IReadOnlyList<Together<TResponse>>> CarryOutAsync(IReadOnlyList<Sent> together)
    {
        var answers = new Together<TResponse>[together.Count];
        var shared = false;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var session = scope.ServiceProvider.GetRequiredService<DbSession>();
            session.On(gathered.Database);
            var principal = scope.ServiceProvider.GetRequiredService<Principal>();
            principal.Become(together[0].By);
            principal.Enter(together[0].Within);
            var handler = scope.ServiceProvider.GetRequiredService<IHandleTogether<TRequest, TResponse>>();
            await session.BeginAsync(CancellationToken.None);
            shared = true;
            await handler.HoldAsync([.. together.Select(t => t.Request)], CancellationToken.None);
            for (var i = 0; i < answers.Length; i++)
            {
                Activity.Current = together[i].Trace;
                answers[i] = await handler.HandleAsync(together[i].Request, CancellationToken.None);
            }

            Activity.Current = null;
            await session.SaveAsync(CancellationToken.None);
            var entries = Entries(together, answers, scope.ServiceProvider.GetRequiredService<AuditTrail>());
            if (entries.Count == 0)
                return answers;
            var trail = scope.ServiceProvider.GetRequiredService<IAuditStore>().Append(entries);
            shared = false;
            await session.CommitAsync(CancellationToken.None, trail);
            return answers;
        }
        // Whichever of them it was: each is told of its own trouble, by being sent by itself. Of a commit that got no answer all are told, and of
        // a connection that was not to be had: to ask for one for each would not help.
        catch (Exception failure) when (shared || failure is PostgresException { InvariantSeverity: "ERROR" })
        {
            return [.. Enumerable.Repeat(Together<TResponse>.Alone, together.Count)];
        }
    }

    private List<AuditEntry> Entries(IReadOnlyList<Sent> together, Together<TResponse>[] answers, AuditTrail audit)
    {
        var now = clock.GetUtcNow();
        var changes = audit.Changes.ToLookup(c => c.Path);
        var done = together.Zip(answers).Where(x => x.Second is { Turn: Turn.Done, Response.Refusal: null }).ToList();
        var paths = done.Where(x => x.Second.Changes is null).Select(x => x.Second.Path).ToList();
        if (audit.IsFull || changes.Any(c => c.Key is null || !paths.Contains(c.Key)) || paths.Distinct().Count() < paths.Count)
            throw new InvalidOperationException($"{Action} changed together what cannot be told apart.");
        return [.. done.Select(x => new AuditEntry(
            now, x.First.By, Action, x.Second.Changes ?? [.. changes[x.Second.Path]], x.First.Trace?.TraceId.ToString()))];
    }

    private sealed record Sent(TRequest Request, Access By, Scope Within, Activity? Trace);
}

using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Kernel;

/// <summary>What a lost race on a unique key means, by the constraint's name.</summary>
public sealed record ConstraintRefusal(string Constraint, Refusal Refusal);

/// <summary>
/// One command, one transaction: the rows of every module, their outbox messages and the audit entry commit together or not at
/// all. A command sent inside another's transaction, or inside an idempotent HTTP request, joins it.
/// </summary>
internal sealed class UnitOfWorkBehavior<TRequest, TResponse>(
    DbSession session, AuditTrail audit, IAuditStore store, Principal principal, Precondition precondition, TimeProvider clock, LostRaces races)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : IRequest<TResponse>, ICommand
    where TResponse : IResult<TResponse>
{
    private static readonly string Action = SliceName.Of(typeof(TRequest));

    public async Task<TResponse> Handle(TRequest request, CancellationToken cancellationToken, RequestHandlerDelegate<TResponse> next)
    {
        // What is part of a larger transaction has been undone with all of it: only who began it can do it again.
        if (session.InTransaction)
            return await OnceAsync(joined: true, next, cancellationToken);
        for (var attempt = 1; ; attempt++)
            try
            {
                return await OnceAsync(joined: false, next, cancellationToken);
            }
            catch (Exception failure) when (Undone.Is(failure))
            {
                if (attempt == Undone.Attempts)
                    return TResponse.Refuse(races.RefusalFor(failure)!);
            }
    }

    private async Task<TResponse> OnceAsync(bool joined, RequestHandlerDelegate<TResponse> next, CancellationToken cancellationToken)
    {
        if (!joined)
            await session.BeginAsync(cancellationToken);
        try
        {
            var response = await next();
            if (response.Refusal is not null)
            {
                if (!joined)
                    await session.RollbackAsync();
                return response;
            }

            if (precondition.Ignored)
                throw new InvalidOperationException($"{Action} changed a resource without asking for If-Match.");

            await session.SaveAsync(cancellationToken);
            var entry = store.Append(new AuditEntry(
                clock.GetUtcNow(), principal.Access, Action, [.. audit.Changes], System.Diagnostics.Activity.Current?.TraceId.ToString()));
            audit.Clear();
            session.AtCommit(entry);
            if (!joined)
                await session.CommitAsync(CancellationToken.None);
            return response;
        }
        catch (Exception failure) when (!Undone.Is(failure) && races.RefusalFor(failure) is not null)
        {
            if (!joined)
                await session.RollbackAsync();
            return TResponse.Refuse(races.RefusalFor(failure)!);
        }
        catch when (!joined)
        {
            await session.RollbackAsync();
            throw;
        }
    }
}

/// <summary>
/// What the server undid as a whole, the commit included, for no fault of whoever asked: a deadlock, or an order that it could not keep. It is done
/// again from the beginning, where nothing was told of it yet. Nothing else is: of a connection that broke nobody knows what was committed.
/// </summary>
public static class Undone
{
    /// <summary>The next one meets others, or the same ones who have gone on meanwhile; more often than so it is not bad luck.</summary>
    public const int Attempts = 10;

    public static bool Is(Exception failure) => failure.AndCauses().Any(
        x => x is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected });
}

/// <summary>Turns what the database says about a lost race into the refusal that the loser would have got a moment later.</summary>
public sealed class LostRaces(IEnumerable<ConstraintRefusal> constraints)
{
    private readonly Dictionary<string, Refusal> _byConstraint =
        constraints.ToDictionary(c => c.Constraint, c => c.Refusal with { Transient = true }, StringComparer.Ordinal);

    public Refusal? RefusalFor(Exception failure) => failure.AndCauses().Select(OfOne).FirstOrDefault(r => r is not null);

    private Refusal? OfOne(Exception failure) => failure switch
    {
        DbUpdateConcurrencyException => ConcurrentChange,
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ExclusionViolation, ConstraintName: { } name } =>
            _byConstraint.GetValueOrDefault(name),
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => ConcurrentChange,
        _ => null,
    };

    private static Refusal ConcurrentChange { get; } =
        new(RefusalKind.Conflict, "concurrent_change", "Someone else changed this at the same moment; read it again and retry.") { Transient = true };
}

internal static class Causes
{
    extension(Exception failure)
    {
        /// <summary>The failure and what is behind it: EF wraps what the database says, and its execution strategy wraps that again.</summary>
        public IEnumerable<Exception> AndCauses()
        {
            for (var at = failure; at is not null; at = at.InnerException)
                yield return at;
        }
    }
}

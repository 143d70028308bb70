using System.Diagnostics;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel.Messaging;

/// <summary>
/// Runs one subscriber's handler for its messages of a batch, all in one transaction with the inbox rows that make a redelivery do
/// nothing. When one throws, each is tried again in a transaction of its own, so that a bad message harms only itself.
/// </summary>
public sealed class MessageDelivery(IServiceScopeFactory scopes, SubscriberRegistry subscribers, TimeProvider clock)
{
    private static readonly ActivitySource Activities = new("Licensing.Messaging");

    internal async Task DeliverAsync(
        Outbox outbox, MessageBatch batch, string subscriberName, IReadOnlyList<ClaimedMessage> messages, CancellationToken ct)
    {
        if (subscribers.Find(subscriberName) is not { } subscriber)
        {
            batch.Failed.AddRange(messages.Select(m => new FailedDelivery(m, $"This version has no subscriber named {subscriberName}.", null)));
            return;
        }

        for (var attempt = 1; ; attempt++)
            try
            {
                await InOneTransactionAsync(outbox, batch, subscriber, messages, ct);
                batch.Delivered.AddRange(messages);
                return;
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                // No fault of the message: it is not counted against it, nor does it wait for it.
                if (attempt < Undone.Attempts && messages.Count == 1 && Undone.Is(failure))
                    continue;
                if (messages is [var only])
                    batch.Failed.Add(new FailedDelivery(only, failure.GetBaseException().Message, failure));
                else
                    foreach (var message in messages)
                        await DeliverAsync(outbox, batch, subscriberName, [message], ct);
                return;
            }
    }

    private async Task InOneTransactionAsync(
        Outbox outbox, MessageBatch batch, Subscriber subscriber, IReadOnlyList<ClaimedMessage> messages, CancellationToken ct)
    {
        await outbox.KeepAsync(batch, ct);
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(ct);
        try
        {
            var fresh = await ReceiveAsync(session, subscriber, messages, ct);
            foreach (var message in messages.Where(m => fresh.Contains(m.MessageId)))
            {
                using var activity = Start(message);
                await subscriber.HandleAsync(scope.ServiceProvider, message.Body, ct);
                await session.SaveAsync(ct);
                await NoteAsync(scope.ServiceProvider, session, subscriber, ct);
                // Each handler finds the contexts as empty as the first one did, and saving stays linear in the batch.
                session.Detach();
                FaultPoints.Hit("message.handled");
                await outbox.KeepAsync(batch, ct);
            }

            await EnsureAliveAsync(session, ct);
            await session.CommitAsync(CancellationToken.None);
        }
        catch
        {
            await session.RollbackAsync();
            throw;
        }

        FaultPoints.Hit("message.committed");
    }

    // Inserting waits for another process that is just doing the same message, and finds its row when it commits. Ordered, so that
    // two such batches cannot wait for each other.
    private async Task<HashSet<Guid>> ReceiveAsync(
        DbSession session, Subscriber subscriber, IReadOnlyList<ClaimedMessage> messages, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            insert into {subscriber.Schema}.inbox (message_id, subscriber, received_at)
            select id, $2, $3 from unnest($1) as id order by id
            on conflict do nothing
            returning message_id
            """, session.Connection)
        {
            Parameters =
            {
                new() { Value = messages.Select(m => m.MessageId).ToArray() }, new() { Value = subscriber.Name },
                new() { Value = clock.GetUtcNow() },
            },
        };
        var fresh = new HashSet<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            fresh.Add(rows.GetGuid(0));
        return fresh;
    }

    private async Task NoteAsync(IServiceProvider services, DbSession session, Subscriber subscriber, CancellationToken ct)
    {
        if (session.Audit.Changes.Count > 0 && services.GetService<IAuditStore>() is { } store)
            await session.ExecuteAsync([store.Append(new AuditEntry(
                clock.GetUtcNow(), Access.System, subscriber.Name, [.. session.Audit.Changes], Activity.Current?.TraceId.ToString()))], ct);
    }

    // The server answers a commit of a failed transaction with a silent rollback. A handler that swallowed a database error would
    // lose its message that way; any statement says so.
    private static async Task EnsureAliveAsync(DbSession session, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select 1", session.Connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    // Also without a listener, so that what the handler publishes carries the trace on.
    private static Activity? Start(ClaimedMessage message)
    {
        var activity = Activities.CreateActivity(message.Name, ActivityKind.Consumer, message.Trace) ?? new Activity(message.Name);
        if (message.Trace is not null && activity.ParentId is null)
            activity.SetParentId(message.Trace);
        activity.SetTag("messaging.message.id", message.MessageId).SetTag("messaging.subscriber", message.Subscriber);
        return activity.Start();
    }
}

using System.Text;
using Npgsql;

namespace Licensing.Kernel.Messaging;

internal sealed record ClaimedMessage(
    Guid Id, Guid MessageId, string Name, string Subscriber, string Body, DateTimeOffset DeliverAt, string? Trace, int Attempts);

internal sealed record FailedDelivery(ClaimedMessage Message, string Reason, Exception? Failure);

/// <summary>Messages held by one claim, and what became of them so far.</summary>
internal sealed class MessageBatch(Guid claim, DateTimeOffset until, IReadOnlyList<ClaimedMessage> messages)
{
    // One per claim, not per process: a process whose lease ran out and who claimed again must not settle its former claim either.
    public Guid Claim => claim;
    public DateTimeOffset Until { get; set; } = until;
    public IReadOnlyList<ClaimedMessage> Messages => messages;
    public List<ClaimedMessage> Delivered { get; } = [];
    public List<FailedDelivery> Failed { get; } = [];
}

/// <summary>The statements on one publisher's outbox. A claim is changed only by who holds it.</summary>
internal sealed class Outbox(NpgsqlDataSource database, string schema, MessagingSettings settings, TimeProvider clock, Random random)
{
    private const int LongestReason = 2_048;

    public string Schema => schema;

    public async Task<MessageBatch> ClaimAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var claim = Id.NewGuid(now);
        // By ctid, because the planner may expect any number of rows in a table that fills and empties all day. A row that someone
        // else changed meanwhile has another ctid and is left for the next claim.
        await using var command = Command($"""
            update {schema}.outbox set claimed_by = $1, claimed_until = $2
            where ctid = any (array(
                select ctid from {schema}.outbox
                where state = 'waiting' and deliver_at <= $3 and (claimed_until is null or claimed_until <= $3)
                order by deliver_at, id
                limit $4
                for update skip locked))
            returning id, message_id, name, subscriber, body, deliver_at, trace, attempts
            """, claim, now + settings.Lease, now, settings.BatchSize);
        var messages = new List<ClaimedMessage>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            messages.Add(new ClaimedMessage(
                rows.GetGuid(0), rows.GetGuid(1), rows.GetString(2), rows.GetString(3), rows.GetString(4),
                rows.GetFieldValue<DateTimeOffset>(5), rows.IsDBNull(6) ? null : rows.GetString(6), rows.GetInt32(7)));
        return new MessageBatch(claim, now + settings.Lease, [.. messages.OrderBy(m => m.DeliverAt).ThenBy(m => m.Id)]);
    }

    /// <summary>Holds the claim on when half of its time is over.</summary>
    public async Task KeepAsync(MessageBatch batch, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (now < batch.Until - settings.Lease / 2)
            return;

        batch.Until = now + settings.Lease;
        await using var command = Command(
            $"update {schema}.outbox set claimed_until = $1 where id = any ($2) and claimed_by = $3",
            batch.Until, Ids(batch.Messages), batch.Claim);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Ends the claim: delivered messages go, failed ones come again later or are parked, the rest is free at once.</summary>
    public async Task SettleAsync(MessageBatch batch, CancellationToken ct)
    {
        await using var commands = database.CreateBatch();
        if (batch.Delivered.Count > 0)
            Add(commands, $"delete from {schema}.outbox where id = any ($1) and claimed_by = $2", Ids(batch.Delivered), batch.Claim);
        if (batch.Failed.Count > 0)
        {
            var now = clock.GetUtcNow();
            Add(commands, $"""
                update {schema}.outbox o set
                    attempts = o.attempts + 1, last_error = f.reason, deliver_at = f.deliver_at, claimed_by = null, claimed_until = null,
                    state = case when f.parked then 'parked' else 'waiting' end, parked_at = case when f.parked then $6 end
                from unnest($1, $2, $3, $4) as f (id, reason, deliver_at, parked)
                where o.id = f.id and o.claimed_by = $5
                """,
                Ids(batch.Failed.Select(f => f.Message)), batch.Failed.Select(f => Storable(f.Reason)).ToArray(),
                batch.Failed.Select(f => now + Backoff.Delay(f.Message.Attempts + 1, settings.FirstRetry, settings.LongestRetry, random)).ToArray(),
                batch.Failed.Select(Parks).ToArray(), batch.Claim, now);
        }

        if (batch.Delivered.Count + batch.Failed.Count < batch.Messages.Count)
            Add(commands, $"""
                update {schema}.outbox set claimed_by = null, claimed_until = null where id = any ($1) and claimed_by = $2
                """, Ids(batch.Messages.Except(batch.Delivered).Except(batch.Failed.Select(f => f.Message))), batch.Claim);
        await commands.ExecuteNonQueryAsync(ct);
    }

    public bool Parks(FailedDelivery failed) => failed.Message.Attempts + 1 >= settings.MaxAttempts;

    private static Guid[] Ids(IEnumerable<ClaimedMessage> messages) => [.. messages.Select(m => m.Id)];

    // What the database takes as text: no NUL, no half surrogates. A reason that cannot be stored would keep the whole batch from
    // being settled.
    private static string Storable(string reason)
    {
        var bytes = Encoding.UTF8.GetBytes(reason.Replace('\0', ' '));
        return bytes.Length <= LongestReason
            ? Encoding.UTF8.GetString(bytes)
            : Encoding.UTF8.GetString(bytes, 0, LongestReason - 2).TrimEnd('\uFFFD');
    }

    private NpgsqlCommand Command(string sql, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }

    private static void Add(NpgsqlBatch batch, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(command);
    }
}

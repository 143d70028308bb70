using System.Globalization;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Ops;

namespace Licensing.Host.Ops;

/// <summary><c>ops messages …</c>: what operators do with messages that do not get through.</summary>
internal static class MessageCommands
{
    private const int MostListed = 1_000;

    public static IReadOnlyList<OpsCommand> All { get; } =
    [
        new("messages list", "Messages on their way, the oldest first.",
            [
                new("--schema", "Only those of one publisher."), new("--state", "waiting or parked."), new("--name", "Only messages of this name."),
                new("--subscriber", "Only those to this subscriber."), new("--after", "Goes on after this id."),
                OpsArgument.Limit(MostListed),
            ], ListAsync),
        new("messages show", "One message with its body and its last error.", [new("id", "The message's id.", OpsArgumentKind.Required)], ShowAsync),
        new("messages retry", "Delivers messages at once, with all their attempts again.",
            [new("id", "Ids of messages.", OpsArgumentKind.Many), new("--parked", "All that are parked.", OpsArgumentKind.Flag),
                new("--schema", "With --parked: only those of one publisher.")],
            RetryAsync),
        new("messages park", "Takes messages out of delivery until someone retries them.", [new("id", "Ids of messages.", OpsArgumentKind.Many)],
            ParkAsync),
        new("messages purge", "Forgets parked messages for good.",
            [new("--days", "Only those parked longer ago than so many days.", OpsArgumentKind.Required),
                new("--yes", "Really.", OpsArgumentKind.Flag)], PurgeAsync),
    ];

    private sealed record Changed(int Messages);

    private sealed record Listed(
        string Schema, Guid Id, string Name, string Subscriber, string State, int Attempts, DateTimeOffset DeliverAt, string? LastError);

    private static async Task<Result<OpsAnswer>> ListAsync(OpsCall call, CancellationToken ct)
    {
        if (call.Id("--after", "a message's id").Refused(out var refusal, out var after)
            || call.Limit(MostListed).Refused(out refusal, out var limit))
            return refusal;
        if (call["--state"] is { } state and not ("waiting" or "parked"))
            return OpsCall.Wrong($"--state must be waiting or parked, not '{state}'.");

        var found = await Inspector(call).ListAsync(
            new OutboxFilter(call["--schema"], call["--state"], call["--name"], call["--subscriber"], after.Value, limit), ct);
        return new OpsAnswer(found.Select(e => new Listed(e.Schema, e.Id, e.Name, e.Subscriber, e.State, e.Attempts, e.DeliverAt, e.LastError)));
    }

    private static async Task<Result<OpsAnswer>> ShowAsync(OpsCall call, CancellationToken ct)
    {
        if (Ids(call).Refused(out var refusal, out var ids))
            return refusal;
        return await Inspector(call).ShowAsync(ids[0], ct) is { } entry
            ? new OpsAnswer(entry)
            : new Refusal(RefusalKind.NotFound, "message_not_found", $"There is no message {ids[0]}; it may have been delivered.");
    }

    private static async Task<Result<OpsAnswer>> RetryAsync(OpsCall call, CancellationToken ct)
    {
        if (Ids(call).Refused(out var refusal, out var ids))
            return refusal;
        if (call.Has("--parked") == ids.Count > 0)
            return OpsCall.Wrong("Name the messages to retry, or say --parked for all that are parked.");
        return Count(call.Has("--parked") ? await Inspector(call).RetryParkedAsync(call["--schema"], ct) : await Inspector(call).RetryAsync(ids, ct));
    }

    private static async Task<Result<OpsAnswer>> ParkAsync(OpsCall call, CancellationToken ct)
    {
        if (Ids(call).Refused(out var refusal, out var ids))
            return refusal;
        return ids.Count == 0 ? OpsCall.Wrong("Name the messages to park.") : Count(await Inspector(call).ParkAsync(ids, ct));
    }

    private static async Task<Result<OpsAnswer>> PurgeAsync(OpsCall call, CancellationToken ct)
    {
        if (!int.TryParse(call["--days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days > 36_500)
            return OpsCall.Wrong($"--days must be a whole number, not '{call["--days"]}'.");
        if (!call.Has("--yes"))
            return OpsCall.Wrong("Purged messages are gone for good; say --yes.");
        var now = call.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        return Count(await Inspector(call).PurgeAsync(now.AddDays(-days), ct));
    }

    private static OpsAnswer Count(int messages) => new(new Changed(messages));

    private static OutboxInspector Inspector(OpsCall call) => call.Services.GetRequiredService<OutboxInspector>();

    private static Result<List<Guid>> Ids(OpsCall call)
    {
        var ids = new List<Guid>();
        foreach (var text in call.All("id"))
        {
            if (!Guid.TryParse(text, out var id))
                return OpsCall.Wrong($"'{text}' is not a message's id.");
            ids.Add(id);
        }

        return ids;
    }
}

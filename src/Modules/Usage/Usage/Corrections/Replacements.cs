using System.Text;
using System.Text.Json.Nodes;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Records;

namespace Licensing.Usage.Corrections;

/// <summary>Stores what replaces a record: as a batch of one, by the rules of any record and in the caller's transaction.</summary>
internal sealed class Replacements(
    BatchReading reading, Rooms rooms, RecordStore store, DbSession session, Principal principal, IServiceProvider services)
{
    public async Task<Result<Done>> StoreAsync(string id, CorrectableRecord record, CorrectRecord.Command said, CancellationToken ct)
    {
        var body = new JsonObject { ["records"] = new JsonArray(Record(id, record, said)) };
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(body.ToJsonString()));
        using var room = rooms.Of(principal.Access);
        if ((await reading.ReadAsync(RecordSources.For("application/json")!, content, principal.Scope, room, services, ct))
            .Refused(out var refusal, out var batch))
            return refusal;
        using (batch)
        {
            await store.TryAddAsync(session, [batch], KeyWay.Insert, ct);
            var (stored, _) = batch.Settle();
            if (batch.Rejected is [var (rejected, field), ..])
                return Refusal.AllFields([new($"/{field}", rejected.Code, rejected.Message)]);
            return stored == 1 ? new Done() : throw new InvalidOperationException($"The id {id} of a replacement is taken.");
        }
    }

    private static JsonObject Record(string id, CorrectableRecord record, CorrectRecord.Command said)
    {
        var json = new JsonObject
        {
            ["id"] = id,
            ["subscriptionId"] = record.SubscriptionId.ToString(),
            ["meter"] = record.Meter,
            ["quantity"] = said.Quantity ?? record.Quantity,
            ["start"] = Rfc3339.Text(said.Start ?? record.Start),
        };
        if ((said.End ?? record.End) is { } end)
            json["end"] = Rfc3339.Text(end);
        foreach (var (field, value) in (IEnumerable<(string, string?)>)
            [("sku", said.Sku ?? record.Sku), ("region", said.Region ?? record.Region), ("resourceId", said.ResourceId ?? record.ResourceId)])
            if (value is not null)
                json[field] = value;
        if (record.Dimensions is not null)
            json["dimensions"] = JsonNode.Parse(record.Dimensions);
        return json;
    }
}

using Licensing.Kernel.Messaging;
using Licensing.Usage.Data;

namespace Licensing.Usage.Rollups;

/// <summary>Keeps the rollups a moment behind the records.</summary>
internal sealed class RollUpWhenDaysDirty(DailyRollups rollups, UsageDb db) : IHandle<DaysDirty>
{
    // A delivery holds its messages by a lease; a long backlog goes on in the next message.
    private const int MostRounds = 20;

    public async Task HandleAsync(DaysDirty message, CancellationToken ct)
    {
        if (!await rollups.CatchUpAsync(null, MostRounds, ct))
            db.Publish(new DaysDirty());
    }
}

using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Records;

/// <summary>The way of a batch round the mediator, with what the mediator's pipeline would see to.</summary>
internal sealed class IngestDoor(Rooms rooms, BatchReading reading, IngestQueue queue, SenderTurns turns, UsageMeter meter)
{
    // The buffers that a request begins with.
    private const int FirstBytes = 160 * 1024;

    public async Task<Microsoft.AspNetCore.Http.IResult> TakeAsync(HttpContext context, bool atomic, CancellationToken ct)
    {
        if (RecordSources.For(context.Request.ContentType) is not { } source)
            return new RefusedResult(BatchRefusals.UnknownForm);
        var services = context.RequestServices;
        // That he may was asked before the body is read, by the permission of the command; how far it reaches is asked here.
        var access = services.GetRequiredService<Principal>().Access;
        var joins = services.GetRequiredService<DbSession>().InTransaction;
        using var room = rooms.Of(access);
        if (room.Refuses(FirstBytes) is { } busy)
            return new RefusedResult(busy);
        var read = await reading.ReadAsync(
            source, context.Request.Body, access.ScopeFor(UsagePermissions.Ingest), room, joins ? services : null, ct);
        if (read.Refused(out var refusal, out var batch))
            return new RefusedResult(refusal);
        using (batch)
        {
            // Many small batches are cheaper together; what may have to be undone has a transaction of its own.
            if (atomic || joins)
            {
                using var turn = joins ? null : await turns.TakeAsync(access, ct);
                var answer = await services.GetRequiredService<ISender>().Ok(new IngestUsage.Command(batch, atomic), ct);
                if (answer is ViewResult<UsageBatchView>)
                    meter.Answered(batch.View!);
                return answer;
            }

            if (await queue.StoreAsync(batch, access) is { } notStored)
                return new RefusedResult(notStored);
            meter.Answered(batch.View!);
            return new ViewResult<UsageBatchView>(batch.View!, StatusCodes.Status200OK);
        }
    }
}

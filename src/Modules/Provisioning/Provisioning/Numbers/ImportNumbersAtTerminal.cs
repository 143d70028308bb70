using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Provisioning.Numbers;

/// <summary><c>ops numbers import</c>: a file of any length, all rows or none, part by part within one transaction.</summary>
internal static class ImportNumbersAtTerminal
{
    private const int RowsPerPart = 1_000;
    private const int MostErrors = 20;

    public static OpsCommand Ops { get; } = new(
        "numbers import", "Loads inbound numbers from a CSV file (number,country,type[,locality]), all or none.",
        [
            new("file", "The file.", OpsArgumentKind.Required),
            new("--organization", "The distributor or partner whose tenants can be given them, by its id; else everyone's."),
            new("--dry-run", "Says what would become of it and loads nothing.", OpsArgumentKind.Flag),
        ],
        ImportAsync);

    private static async Task<Result<OpsAnswer>> ImportAsync(OpsCall call, CancellationToken ct)
    {
        if (call.Id("--organization", "an organization's id").Refused(out var refusal, out var pool))
            return refusal;
        if (!File.Exists(call["file"]))
            return OpsCall.Wrong($"There is no file '{call["file"]}'.");
        if (CsvImport.TextOf(await File.ReadAllBytesAsync(call["file"]!, ct)).Refused(out refusal, out var text))
            return refusal;
        var (rows, errors) = NumberCsv.Read(text, int.MaxValue);
        if (errors.Count > 0)
            return Wrong(errors.ToRefusal());

        var (session, sender) = (call.Services.GetRequiredService<DbSession>(), call.Services.GetRequiredService<ISender>());
        await session.BeginAsync(ct);
        try
        {
            var loaded = 0;
            // Also without rows, so that the branch is looked at.
            foreach (var part in rows.Chunk(RowsPerPart).DefaultIfEmpty([]))
            {
                if ((await sender.Send(new ImportNumbers.Part(pool.As<OrganizationId>(), part), ct)).Refused(out refusal, out var done))
                    return Wrong(refusal);
                loaded += done.Loaded;
                call.Progress?.Invoke(loaded, rows.Count);
            }

            // A dry run does it all and takes it back: what it says is what would have been.
            if (!call.Has("--dry-run"))
                await session.CommitAsync(CancellationToken.None);
            return new OpsAnswer(new ImportNumbers.ImportView(call.Has("--dry-run"), rows.Count, loaded, 0, []));
        }
        finally
        {
            if (session.InTransaction)
                await session.RollbackAsync();
        }
    }

    private static Refusal Wrong(Refusal refusal) => refusal with { Fields = [.. refusal.Fields.Take(MostErrors)] };
}

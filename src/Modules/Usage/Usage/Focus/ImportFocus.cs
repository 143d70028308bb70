using System.Text;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Licensing.Usage.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Focus;

/// <summary>
/// <c>ops usage import</c>: usage of a FOCUS file, some rows at a time, by the rules of any record. A row's id is made of the row: what was
/// broken off goes on by being started again, and a second run stores nothing.
/// </summary>
internal static class ImportFocus
{
    private const int RowsAtOnce = 1_000;

    public static OpsCommand Ops { get; } = new(
        "usage import", "Imports the usage of a CSV file in the columns of FOCUS 1.x; docs/guides/focus.md says which becomes what.",
        [
            new("file", "The file.", OpsArgumentKind.Required),
            new("--organization", "The distributor or partner whose tenants these are, by its id: external ids are unique below a partner only."),
            new("--dry-run", "Says what would be refused and stores nothing.", OpsArgumentKind.Flag),
        ],
        RunAsync);

    private static async Task<Result<OpsAnswer>> RunAsync(OpsCall call, CancellationToken ct)
    {
        if (call.Id("--organization", "an organization's id").Refused(out var refusal, out var organization))
            return refusal;
        if (!File.Exists(call["file"]))
            return OpsCall.Wrong($"There is no file '{call["file"]}'.");
        var organizations = call.Services.GetRequiredService<IOrganizationDirectory>();
        var asked = organization.As<OrganizationId>();
        var within = asked is { } id ? await organizations.FindAsync(id, ct) : null;
        if (asked is not null && within is null)
            return OpsCall.Wrong($"There is no organization {asked.Value.Value}.");
        await using var file = File.OpenRead(call["file"]!);
        var import = new FocusImport(call.Services, within is null ? Scope.Everything : Scope.Of([within.Path]), call.Has("--dry-run"));
        var read = 1L;
        IEnumerable<FocusRow> Rows(int pass)
        {
            file.Position = 0;
            using var text = new StreamReader(file, new UTF8Encoding(false, throwOnInvalidBytes: true), leaveOpen: true);
            foreach (var row in FocusRow.Read(text))
            {
                read = row.Number;
                if (row.Number % RowsAtOnce == 0)
                    call.Progress?.Invoke(pass * file.Length + file.Position, 2 * file.Length);
                yield return row;
            }

            call.Progress?.Invoke((pass + 1) * file.Length, 2 * file.Length);
        }

        try
        {
            if (Rows(0).FirstOrDefault()?.Missing().ToList() is { Count: > 0 } missing)
                return OpsCall.Wrong($"The file lacks the column {string.Join(", ", missing)}.");
            // Read twice: what repeats a row is known when all are read, and nothing is stored of a file that cannot be read to its end.
            await using var repeated = await RepeatedRows.OfAsync(
                call.Services.GetRequiredService<NpgsqlDataSource>(), Rows(0).Where(row => row.IsUsage), ct);
            foreach (var some in Rows(1).Chunk(RowsAtOnce))
                if (await import.TakeAsync(some, await repeated.BetweenAsync(some[0].Number, some[^1].Number, ct), ct) is { } refused)
                    return refused;
        }
        catch (DecoderFallbackException)
        {
            return OpsCall.Wrong($"The file must be encoded in UTF-8; it is not after row {read}.");
        }

        var done = import.Done;
        return import.Errors.Count == 0 ? new OpsAnswer(done) : new OpsAnswer(import.Errors.Append(new ImportedLine(null, null, "total",
            $"{(done.DryRun ? "dry run, " : "")}{done.Rows} rows: {done.Accepted} accepted, {done.Duplicates} duplicates, {done.Rejected} rejected, "
            + $"{done.NotUsage} not usage")))
        { Failed = true };
    }
}

using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Numbers;

/// <summary>Loads numbers by CSV, all rows or none; a dry run says what would become of them.</summary>
internal static class ImportNumbers
{
    /// <param name="Body">The CSV as it came, so that nobody without the permission causes the work of reading it.</param>
    [Needs(ProvisioningPermissions.NumbersLoad)]
    public sealed record Command(OrganizationId? OrganizationId, ReadOnlyMemory<byte> Body) : ICommand<ImportView>;

    [Needs(ProvisioningPermissions.NumbersLoad)]
    public sealed record DryRun(OrganizationId? OrganizationId, ReadOnlyMemory<byte> Body) : IQuery<ImportView>;

    /// <summary>Some rows of a longer file, within the transaction that holds the whole.</summary>
    [Needs(ProvisioningPermissions.NumbersLoad)]
    public sealed record Part(OrganizationId? OrganizationId, IReadOnlyList<NumberRow> Rows) : ICommand<ImportView>;

    /// <param name="DryRun">True: nothing has been loaded.</param>
    /// <param name="Rows">Rows below the header that can be loaded, as far as each alone tells.</param>
    /// <param name="Loaded">Numbers that are in the pool now, or would be.</param>
    /// <param name="ErrorCount">How many errors there are.</param>
    /// <param name="Errors">The first 100 of a dry run; without it they are a refusal.</param>
    public sealed record ImportView(bool DryRun, int Rows, int Loaded, int ErrorCount, IReadOnlyList<RowError> Errors);

    internal sealed class Handler(NumberPool pools)
        : ICommandHandler<Command, ImportView>, IQueryHandler<DryRun, ImportView>, ICommandHandler<Part, ImportView>
    {
        public async Task<Result<ImportView>> Handle(DryRun query, CancellationToken cancellationToken)
        {
            if ((await pools.HoldAsync(query.OrganizationId, cancellationToken)).Refused(out var refusal, out _)
                || CsvImport.TextOf(query.Body.Span).Refused(out refusal, out var text))
                return refusal;
            var (rows, errors) = NumberCsv.Read(text, NumberCsv.MostRows);
            errors.AddRange(NumberCsv.Loaded(rows, await pools.LoadedAsync(rows.Select(r => r.Number.Number), cancellationToken)));
            return new ImportView(true, rows.Count, errors.Count == 0 ? rows.Count : 0, errors.Count, errors.First);
        }

        public async Task<Result<ImportView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (CsvImport.TextOf(command.Body.Span).Refused(out var refusal, out var text))
                return refusal;
            var (rows, errors) = NumberCsv.Read(text, NumberCsv.MostRows);
            return await LoadAsync(command.OrganizationId, rows, errors, cancellationToken);
        }

        public Task<Result<ImportView>> Handle(Part command, CancellationToken cancellationToken) =>
            LoadAsync(command.OrganizationId, command.Rows, new RowErrors(), cancellationToken);

        private async Task<Result<ImportView>> LoadAsync(OrganizationId? id, IReadOnlyList<NumberRow> rows, RowErrors errors, CancellationToken ct)
        {
            if ((await pools.HoldAsync(id, ct)).Refused(out var refusal, out var pool))
                return refusal;
            errors.AddRange(NumberCsv.Loaded(rows, await pools.LoadedAsync(rows.Select(r => r.Number.Number), ct)));
            if (errors.Count > 0)
                return errors.ToRefusal();
            if (rows.Count > 0 && (await pools.LoadAsync(pool, [.. rows.Select(r => r.Number)], ct)).Refused(out refusal, out _))
                return refusal;
            return new ImportView(false, rows.Count, rows.Count, 0, []);
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapPost("/import", async (HttpRequest request, Guid? organizationId, ISender sender, CancellationToken ct, bool dryRun = false) =>
        {
            var pool = organizationId is { } id ? new OrganizationId(id) : (OrganizationId?)null;
            if (await request.ReadUpToAsync(NumberCsv.MostBytes, ct) is not { } body)
                return new RefusedResult(CsvImport.TooLarge);
            return dryRun ? await sender.Ok(new DryRun(pool, body), ct) : await sender.Ok(new Command(pool, body), ct);
        })
        .Accepts<string>(CsvImport.ContentType)
        .MaxBody(NumberCsv.MostBytes)
        .Slice<Command, ImportView>(nameof(ImportNumbers), "Loads up to 10,000 inbound numbers into a pool by CSV, or tries it with dryRun=true")
        .WithMetadata(new SliceExample("number,country,type,locality\r\n+4930123456,DE,Geographic,Berlin\r\n+498001234567,DE,TollFree,\r\n"));
}

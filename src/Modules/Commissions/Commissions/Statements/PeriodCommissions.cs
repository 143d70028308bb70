using Licensing.Billing.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>What everyone's statement of a month would say if it were closed now, and the rates by which that was worked out.</summary>
/// <param name="Statements">Ordered by path.</param>
internal sealed record DueStatements(IReadOnlyList<DueStatement> Statements, IReadOnlyList<OperationError> Errors, ExchangeRatesUsed Rates);

/// <summary>Reads what the commissions of a month depend on, in a fixed number of reads, and works them out.</summary>
internal sealed class PeriodCommissions(
    CommissionsDb db, IInvoicedAmounts invoiced, IOrganizationDirectory organizations, ExchangeRateBook rates, StatedCommissions stated,
    CloseProbe probe)
{
    // What another transaction stamped before the last close may have been committed after it.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>The month as it stands, whether it is closed or not, and with another scheme: of the same documents, read once.</summary>
    /// <param name="tried">A scheme to be tried out in place of the organisation's own.</param>
    public async Task<(EarnedCommissions Before, EarnedCommissions After)> TriedAsync(
        Period period, Scope scope, CommissionScheme tried, CancellationToken ct)
    {
        var earners = await EarnersAsync(scope, ct);
        var read = await ReadAsync(period, earners, scope, tried, ct);
        return (read.Of(earners, read.Schemes), read.Of(earners, read.Schemes.With(tried)));
    }

    /// <summary>The month with what has changed in closed ones, and what was not paid out before.</summary>
    public async Task<DueStatements> DueAsync(Period period, Scope scope, CancellationToken ct)
    {
        var earners = await EarnersAsync(scope, ct);
        var (earned, schemes, known) = await EarnAsync(period, earners, scope, ct);
        var errors = earned.Errors.ToList();
        var own = earned.Earned.ToDictionary(x => x.Organization.Id);
        var adjustments = new Dictionary<OrganizationId, List<CommissionAdjustment>>();
        var changedBy = new Dictionary<OrganizationId, AppliedScheme>();
        var pairs = new Dictionary<(DateOnly, Currency, Currency), decimal>(known.Known);
        var closings = await db.Closings.AsNoTracking().OrderByDescending(x => x.Number).Select(x => new Closed(x.PeriodStart, x.ClosedAt, x.Settled))
            .ToListAsync(ct);
        // A closed month's statement is written; what it would carry or adjust is another one's.
        var open = !closings.Exists(x => x.Month == period.Start);
        foreach (var month in open ? await ChangedAsync(closings, scope, ct) : [])
        {
            var (now, agreed, used) = await EarnAsync(month, earners, scope, ct);
            foreach (var organization in earners.All)
                if (agreed.Of(organization) is { } applied)
                    changedBy[organization.Id] = applied;
            errors.AddRange(now.Errors.Select(x => x with { Message = $"{month.Start:yyyy-MM}, which is closed and has changed: {x.Message}" }));
            foreach (var (key, rate) in used.Known)
                pairs[key] = rate;
            // Of whom it cannot be told nothing is known, which is not nothing.
            if (now.Errors.Count == 0)
                await SettleAsync(month, earners, scope, now, adjustments, ct);
        }

        var carried = open ? await stated.CarriedAsync(earners.All.Select(x => x.Id), ct) : new Dictionary<OrganizationId, Carried>();
        probe.Hit("carried");
        var statements = new List<DueStatement>();
        foreach (var organization in earners.All)
        {
            var changed = adjustments.GetValueOrDefault(organization.Id) ?? [];
            // An old month that is closed late may be before the scheme by which a newer one, which has changed, was earned.
            var scheme = schemes.Of(organization) ?? (changed.Count > 0 ? changedBy.GetValueOrDefault(organization.Id) : null);
            if (scheme is null || (!own.ContainsKey(organization.Id) && changed.Count == 0))
                continue;
            var due = new DueStatement(
                organization, scheme, own.GetValueOrDefault(organization.Id), changed, carried.GetValueOrDefault(organization.Id) ?? Carried.Nothing);
            if (due.Of(period, known) is { } payout)
                statements.Add(due with { Payout = payout });
            else
                errors.Add(StatementRefusals.ExchangeRateMissing(
                    organization.ExternalId, scheme.MinimumPayout!.Value.Currency, organization.Currency));
        }

        return new DueStatements(statements, errors, new ExchangeRatesUsed(pairs));
    }

    private async Task SettleAsync(
        Period month, Earners earners, Scope scope, EarnedCommissions now, Dictionary<OrganizationId, List<CommissionAdjustment>> adjustments,
        CancellationToken ct)
    {
        var told = await stated.OfAsync(month, scope, ct);
        probe.Hit("told");
        var earned = now.Earned.ToDictionary(x => x.Organization.Id);
        foreach (var organization in earners.All.Where(x => earned.ContainsKey(x.Id) || told.ContainsKey(x.Id)))
            if (Settling.Of(
                month, organization.Currency, earned.GetValueOrDefault(organization.Id),
                told.GetValueOrDefault(organization.Id) ?? StatedMonth.Nothing) is { } adjustment)
                (adjustments.TryGetValue(organization.Id, out var some) ? some : adjustments[organization.Id] = []).Add(adjustment);
    }

    // Of months that are not closed nothing was told yet: they are closed by themselves.
    private async Task<IReadOnlyList<Period>> ChangedAsync(List<Closed> closings, Scope scope, CancellationToken ct)
    {
        if (closings.Count == 0)
            return [];
        var closed = closings.Select(x => x.Month).ToHashSet();
        DateTimeOffset? since = closings[0].Settled ? closings[0].ClosedAt - Longest : null;
        var changed = await invoiced.ChangedMonthsAsync(since, closed.Max().AddMonths(1), scope, ct);
        return [.. changed.Where(x => closed.Contains(x.Start))];
    }

    private async Task<(EarnedCommissions Earned, SchemesInForce Schemes, ExchangeRatesUsed Rates)> EarnAsync(
        Period period, Earners earners, Scope scope, CancellationToken ct)
    {
        var read = await ReadAsync(period, earners, scope, null, ct);
        return (read.Of(earners, read.Schemes), read.Schemes, read.Rates);
    }

    private async Task<MonthRead> ReadAsync(Period period, Earners earners, Scope scope, CommissionScheme? tried, CancellationToken ct)
    {
        var schemes = await SchemesAsync(period, earners, ct);
        probe.Hit("schemes");
        var documents = await invoiced.OfPeriodAsync(period, scope, ct);
        probe.Hit("documents");
        var known = await rates.ForAsync(period, documents, earners.All, schemes, ct);
        var parts = await PartsAsync(earners, [schemes, .. tried is null ? [] : new[] { schemes.With(tried) }], documents, ct);
        return new MonthRead(period, schemes, documents, parts.ToLookup(x => x.DocumentId), known);
    }

    // Nearly nobody's scheme asks by which plan a line is, and only lines on which one earns whose does are read.
    private async Task<IReadOnlyList<InvoicedPart>> PartsAsync(
        Earners earners, IReadOnlyList<SchemesInForce> schemes, IReadOnlyList<InvoicedNet> documents, CancellationToken ct)
    {
        var asking = earners.All.Where(x => schemes.Any(some => some.HasRates(x))).Select(x => x.Path).ToHashSet(StringComparer.Ordinal);
        return asking.Count == 0 ? [] : await invoiced.PartsAsync([.. documents.Where(x => IsBelow(x.OwnerPath))], ct);

        bool IsBelow(string path) => OrganizationPath.Upwards(path).Any(asking.Contains);
    }

    private async Task<SchemesInForce> SchemesAsync(Period period, Earners earners, CancellationToken ct)
    {
        // A partner may earn by the scheme of its distributor, which the caller may not see.
        var ids = earners.All.Select(x => x.Id).Concat(earners.Partners.Select(x => x.ParentId!.Value)).Distinct().ToList();
        var schemes = await db.Schemes.AsNoTracking()
            .Where(x => x.ValidFrom <= period.Start && ids.Contains(x.OrganizationId))
            .OrderBy(x => x.ValidFrom).ToListAsync(ct);
        var inForce = new Dictionary<OrganizationId, CommissionScheme>();
        foreach (var scheme in schemes)
            inForce[scheme.OrganizationId] = scheme;
        return new SchemesInForce(inForce);
    }

    private async Task<Earners> EarnersAsync(Scope scope, CancellationToken ct)
    {
        var distributors = await organizations.ListAsync(OrganizationKind.Distributor, scope, ct);
        return new Earners(distributors, await organizations.ListAsync(OrganizationKind.Partner, scope, ct));
    }

    private sealed record MonthRead(
        Period Month, SchemesInForce Schemes, IReadOnlyList<InvoicedNet> Documents, ILookup<Guid, InvoicedPart> Parts, ExchangeRatesUsed Rates)
    {
        public EarnedCommissions Of(Earners earners, SchemesInForce schemes) =>
            new CommissionRun(schemes, Rates, Month, Parts).Of(earners.Distributors, earners.Partners, Documents);
    }

    private sealed record Closed(DateOnly Month, DateTimeOffset ClosedAt, bool Settled);

    private sealed record Earners(IReadOnlyList<OrganizationRef> Distributors, IReadOnlyList<OrganizationRef> Partners)
    {
        public IReadOnlyList<OrganizationRef> All { get; } = [.. Distributors.Concat(Partners).OrderBy(x => x.Path, StringComparer.Ordinal)];
    }
}

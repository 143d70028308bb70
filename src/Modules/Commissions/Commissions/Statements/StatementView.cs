using System.Linq.Expressions;
using Licensing.Billing.Contracts;
using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>A statement without its lines, which may be thousands and are not read for it.</summary>
/// <param name="Adjusted">What has changed in closed months; each is listed by itself with the statement.</param>
/// <param name="CarriedIn">What the statement before did not pay out.</param>
/// <param name="Payable">Commission, adjusted and carried in.</param>
/// <param name="CarriedOut">What is not paid out: less than the minimum, or below zero.</param>
/// <param name="DueOn">From when on it is paid out, else null.</param>
internal sealed record StatementView(
    StatementId Id, OrganizationId OrganizationId, OrganizationKind Kind, string ExternalId, string Name, Period Period, Money Basis, Money Gross,
    Money Overridden, Money Commission, Money Adjusted, Money CarriedIn, Money Payable, Money CarriedOut, DateOnly? DueOn, AppliedScheme Scheme,
    int LineCount, DateTimeOffset ClosedAt)
{
    /// <summary>Closed months that have changed, in order.</summary>
    public IReadOnlyList<AdjustmentView> Adjustments { get; init; } = [];

    /// <summary>What was earned by rates of plans and products.</summary>
    public IReadOnlyList<RatedBasisView> Rated { get; init; } = [];

    /// <summary>When what it carried on was paid out or written off, else null.</summary>
    public DateTimeOffset? SettledAt { get; init; }

    public static Expression<Func<Statement, StatementView>> Projection { get; } = x => new StatementView(
        x.Id, x.OrganizationId, x.Kind, x.ExternalId, x.Name, new Period(x.PeriodStart, x.PeriodEnd), new Money(x.Basis, x.Currency),
        new Money(x.Gross, x.Currency), new Money(x.Overridden, x.Currency), new Money(x.Commission, x.Currency), new Money(x.Adjusted, x.Currency),
        new Money(x.CarriedIn, x.Currency), new Money(x.Payable, x.Currency), new Money(x.CarriedOut, x.Currency), x.DueOn, x.Scheme,
        x.LineCount, x.ClosedAt)
    {
        Rated = RatedBasisView.Of(x.Rated, x.Currency),
        SettledAt = x.Settlement == null ? null : x.Settlement.SettledAt,
    };

    /// <summary>Each with its adjustments, in one read.</summary>
    public static async Task<IReadOnlyList<StatementView>> WithAdjustmentsAsync(
        IReadOnlyList<StatementView> views, CommissionsDb db, CancellationToken ct)
    {
        var ids = views.Select(x => x.Id).ToList();
        var all = (await db.Adjustments.AsNoTracking().Where(x => ids.Contains(x.StatementId)).OrderBy(x => x.Month).ToListAsync(ct))
            .ToLookup(x => x.StatementId);
        return [.. views.Select(x => x with { Adjustments = [.. all[x.Id].Select(a => AdjustmentView.Of(a, x.Payable.Currency))] })];
    }
}

/// <summary>What of a basis was charged by a plan or a product with a percentage of its own, and what that earned, unrounded.</summary>
internal sealed record RatedBasisView(string? Plan, string? Product, decimal Percent, Money Basis, Money Amount)
{
    public static IReadOnlyList<RatedBasisView> Of(IReadOnlyList<RatedBasis> rated, Currency currency) => [.. rated.Select(x =>
        new RatedBasisView(x.Rate.Plan, x.Rate.Product, x.Rate.Percent, new Money(x.Basis, currency), new Money(x.Amount, currency)))];
}

/// <summary>What of a document was charged by one plan.</summary>
/// <param name="Plan">Null where its lines do not know.</param>
/// <param name="Product">The plan's.</param>
/// <param name="Percent">Of the rate that the plan or the product has; null: it counts for the tiers.</param>
/// <param name="Net">In the organisation's currency, unrounded.</param>
/// <param name="Commission">Its share.</param>
internal sealed record EarnedPartView(string? Plan, string? Product, decimal? Percent, Money Net, Money Commission)
{
    public static IReadOnlyList<EarnedPartView> Of(IReadOnlyList<EarnedPart> parts, Currency currency) => [.. parts.Select(x =>
        new EarnedPartView(x.Plan, x.Product, x.Percent, new Money(x.Net, currency), new Money(x.Commission, currency)))];
}

/// <summary>What a closed month comes to more, or less, than statements have told of it.</summary>
internal sealed record AdjustmentView(string Month, Money Basis, Money Gross, Money Overridden, Money Commission)
{
    public static AdjustmentView Of(Adjustment x, Currency currency) => new(
        x.Month.ToString("yyyy-MM"), new Money(x.Basis, currency), new Money(x.Gross, currency), new Money(x.Overridden, currency),
        new Money(x.Commission, currency));

    public static AdjustmentView Of(CommissionAdjustment x, Currency currency) => new(
        x.Month.Start.ToString("yyyy-MM"), new Money(x.Basis, currency), new Money(x.Gross, currency), new Money(x.Overridden, currency),
        new Money(x.Commission, currency));
}

/// <summary>One document in a statement.</summary>
/// <param name="InvoiceId">The invoice; its lines say what it is for, down to the usage.</param>
/// <param name="CreditNoteId">The credit note, if it is one.</param>
/// <param name="Number">The document's.</param>
/// <param name="TenantId">Who owes it.</param>
/// <param name="Month">In which it counts, yyyy-MM.</param>
/// <param name="Reverses">Whether what a former statement counted is taken back.</param>
/// <param name="Invoiced">Its net in its own currency; below zero of a credit note.</param>
/// <param name="Rate">What one unit of that was worth in the organisation's currency.</param>
/// <param name="Net">By that rate, unrounded.</param>
/// <param name="Commission">Its share.</param>
internal sealed record StatementLineView(
    InvoiceId InvoiceId, CreditNoteId? CreditNoteId, string Number, OrganizationId TenantId, string Month, bool Reverses, Money Invoiced,
    decimal Rate, Money Net, Money Commission)
{
    /// <summary>By which rate each part of it counts; none where the scheme has the same for all.</summary>
    public IReadOnlyList<EarnedPartView> Parts { get; init; } = [];

    public static StatementLineView Of(EarnedLine x, Period month, Currency currency) => new(
        x.Document.InvoiceId, x.Document.CreditNoteId, x.Document.Number, x.Document.TenantId, month.Start.ToString("yyyy-MM"), false, x.Document.Net,
        x.Rate, new Money(x.Net, currency), new Money(x.Commission, currency))
    {
        Parts = EarnedPartView.Of(x.Parts, currency),
    };

    public static StatementLineView Of(StatementLine x, Currency currency) => new(
        x.InvoiceId, x.DocumentId == x.InvoiceId.Value ? null : new CreditNoteId(x.DocumentId), x.Number, x.TenantId, x.Month.ToString("yyyy-MM"),
        x.Reverses, new Money(x.Invoiced, x.Currency), x.Rate, new Money(x.Net, currency), new Money(x.Commission, currency))
    {
        Parts = EarnedPartView.Of(x.Parts, currency),
    };
}

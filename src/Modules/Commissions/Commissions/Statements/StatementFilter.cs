using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Statements;

/// <summary>Which statements a caller asks for, in a list or a file.</summary>
/// <param name="Carried">Only those whose amount is still to be taken over or settled.</param>
internal sealed record StatementFilter(DateOnly? Month, OrganizationId? OrganizationId, bool Carried)
{
    public static Result<StatementFilter> Read(string? month, Guid? organizationId, bool? carried)
    {
        var period = default(Period);
        if (month is not null && !Period.TryParseMonth(month, out period))
            return PeriodRefusals.NotAMonthIn("period");
        return new StatementFilter(month is null ? null : period.Start, organizationId is { } id ? new OrganizationId(id) : null, carried ?? false);
    }

    public IQueryable<Statement> Of(CommissionsDb db, Scope scope)
    {
        var statements = db.Statements.AsNoTracking().Within(scope);
        if (Month is { } month)
            statements = statements.Where(x => x.PeriodStart == month);
        if (OrganizationId is { } organization)
            statements = statements.Where(x => x.OrganizationId == organization);
        return Carried ? db.CarriedOn(statements) : statements;
    }
}

/// <summary>What statements did not pay out and nobody has ended since.</summary>
internal static class CarriedStatements
{
    extension(CommissionsDb db)
    {
        /// <summary>Those of <paramref name="statements"/> whose amount no later one has taken over and nobody has settled.</summary>
        public IQueryable<Statement> CarriedOn(IQueryable<Statement> statements) => statements.Where(x =>
            x.CarriedOut != 0m && x.Settlement == null
            && !db.Statements.Any(later => later.OrganizationId == x.OrganizationId && later.Closing > x.Closing));
    }
}

using Licensing.Identity.Contracts;

namespace Licensing.Commissions.Statements;

/// <summary>Which statements a caller asks for, in a list or a file.</summary>
internal sealed record StatementFilter(DateOnly? Month, OrganizationId? OrganizationId)
{
    public static Result<StatementFilter> Read(string? month, Guid? organizationId)
    {
        var period = default(Period);
        if (month is not null && !Period.TryParseMonth(month, out period))
            return PeriodRefusals.NotAMonthIn("period");
        return new StatementFilter(month is null ? null : period.Start, organizationId is { } id ? new OrganizationId(id) : null);
    }

    public IQueryable<Statement> Of(IQueryable<Statement> statements)
    {
        if (Month is { } month)
            statements = statements.Where(x => x.PeriodStart == month);
        return OrganizationId is { } organization ? statements.Where(x => x.OrganizationId == organization) : statements;
    }
}

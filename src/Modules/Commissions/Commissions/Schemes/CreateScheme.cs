using Licensing.Commissions.Data;
using Licensing.Commissions.Rates;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Schemes;

/// <summary>Says how a distributor or partner earns from a month on.</summary>
internal static class CreateScheme
{
    [Needs(CommissionsPermissions.SchemesManage)]
    public sealed record Command(OrganizationId OrganizationId, IReadOnlyList<CommissionTier> Tiers)
        : SchemeTerms(OrganizationId, Tiers), ICommand<SchemeView>
    {
        /// <summary>Null is the running month.</summary>
        public string? ValidFrom { get; init; }
    }

    internal sealed class Handler(
        CommissionsDb db, IOrganizationDirectory organizations, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, SchemeView>
    {
        public async Task<Result<SchemeView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (command.Broken() is { } broken)
                return broken;

            var today = calendar.DayOf(clock.GetUtcNow());
            var month = Period.Month(today.Year, today.Month);
            if (command.ValidFrom is not null && !Period.TryParseMonth(command.ValidFrom, out month))
                return SchemeRefusals.NotAMonth;
            if (await organizations.FindAsync(command.OrganizationId, cancellationToken) is not { } organization
                || !principal.Scope.Contains(organization.Path))
                return SchemeRefusals.OrganizationNotFound(command.OrganizationId.Value);
            if (command.NotFor(organization) is { } refusal)
                return refusal;

            await db.KeepClosingsAsync(cancellationToken);
            if (await db.Closings.AnyAsync(x => x.PeriodStart >= month.Start, cancellationToken))
                return SchemeRefusals.MonthClosed;
            if (await db.Schemes.AnyAsync(x => x.OrganizationId == organization.Id && x.ValidFrom == month.Start, cancellationToken))
                return SchemeRefusals.SetAlready;

            var scheme = command.From(organization, month.Start, clock.GetUtcNow());
            db.Add(scheme);
            return SchemeView.Of(scheme);
        }
    }

    public static void Map(IEndpointRouteBuilder schemes) => schemes
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/commissions/schemes/{x.Id.Value}", ct))
        .Slice<Command, SchemeView>(nameof(CreateScheme), "Sets a commission scheme from a month on", StatusCodes.Status201Created);
}

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
    public sealed record Command(OrganizationId OrganizationId, IReadOnlyList<CommissionTier> Tiers) : ICommand<SchemeView>
    {
        public CommissionMode Mode { get; init; }
        public CommissionBasis Basis { get; init; }

        /// <summary>Null is the running month.</summary>
        public string? ValidFrom { get; init; }
    }

    internal sealed class Handler(
        CommissionsDb db, IOrganizationDirectory organizations, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, SchemeView>
    {
        private const int MostTiers = 100;

        public async Task<Result<SchemeView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (new CommissionTiers(command.Tiers, command.Mode).Validate() is { Count: > 0 } broken)
                return Refusal.AllFields([.. broken.Take(MostTiers)]);

            var today = calendar.DayOf(clock.GetUtcNow());
            var month = Period.Month(today.Year, today.Month);
            if (command.ValidFrom is not null && !Period.TryParseMonth(command.ValidFrom, out month))
                return SchemeRefusals.NotAMonth;
            if (await organizations.FindAsync(command.OrganizationId, cancellationToken) is not { } organization
                || !principal.Scope.Contains(organization.Path))
                return SchemeRefusals.OrganizationNotFound(command.OrganizationId.Value);
            if (organization.Kind is not (OrganizationKind.Distributor or OrganizationKind.Partner))
                return SchemeRefusals.EarnsNothing;

            await db.KeepClosingsAsync(cancellationToken);
            if (await db.Closings.AnyAsync(x => x.PeriodStart >= month.Start, cancellationToken))
                return SchemeRefusals.MonthClosed;
            if (await db.Schemes.AnyAsync(x => x.OrganizationId == organization.Id && x.ValidFrom == month.Start, cancellationToken))
                return SchemeRefusals.SetAlready;

            var scheme = new CommissionScheme
            {
                Id = Id.New<SchemeId>(clock.GetUtcNow()),
                OrganizationId = organization.Id,
                OwnerPath = organization.Path,
                Mode = command.Mode,
                Basis = command.Basis,
                Tiers = command.Tiers,
                ValidFrom = month.Start,
                CreatedAt = clock.GetUtcNow(),
            };
            db.Add(scheme);
            return SchemeView.Of(scheme);
        }
    }

    public static void Map(IEndpointRouteBuilder schemes) => schemes
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/commissions/schemes/{x.Id.Value}", ct))
        .Slice<Command, SchemeView>(nameof(CreateScheme), "Sets a commission scheme from a month on", StatusCodes.Status201Created);
}

using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Transfers;

/// <summary>Gives a tenant to another partner, today or on a day to come; what was before stays with the old one.</summary>
internal static class TransferTenant
{
    private const int YearsAhead = 1;

    /// <param name="PartnerId">The new partner.</param>
    /// <param name="On">Its first day, in the billing time zone; today when left out.</param>
    /// <param name="Reason">Why, for the old partner and those above.</param>
    public sealed record Body(OrganizationId PartnerId, string Reason, DateOnly? On = null);

    // Its people's ways in go along, and others end.
    [Needs(IdentityPermissions.OrganizationsManage), InPerson]
    public sealed record Command(OrganizationId TenantId, OrganizationId PartnerId, string Reason, DateOnly? On) : ICommand<TransferView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(500);
    }

    internal sealed class Handler(
        IdentityDb db, ManagedOrganizations organizations, TenantMove move, Precondition precondition, Principal principal, BillingCalendar calendar,
        TimeProvider clock) : ICommandHandler<Command, TransferView>
    {
        public async Task<Result<TransferView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await organizations.FindAloneAsync(OrganizationKind.Tenant, command.TenantId, cancellationToken))
                .Refused(out var refusal, out var found))
                return refusal;
            if (precondition.Fails(found))
                return Precondition.Failed;
            var (tenant, partner) = await move.LockAsync(command.TenantId, command.PartnerId, principal.Scope, cancellationToken);
            if (partner is null || !principal.Scope.Contains(partner.OwnerPath))
                return TransferRefusals.UnknownPartner(command.PartnerId.Value);
            if (!principal.Scope.Contains(OrganizationPath.At(tenant.OwnerPath, OrganizationKind.Partner)!))
                return TransferRefusals.OutOfReach;
            if (await db.Transfers.AnyAsync(x => x.TenantId == tenant.Id && x.Status == TransferStatus.Pending, cancellationToken))
                return TransferRefusals.AlreadyPending;

            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            var on = command.On ?? today;
            if (on < today)
                return TransferRefusals.TooEarly(today);
            if (on > today.AddYears(YearsAhead))
                return TransferRefusals.TooLate(today.AddYears(YearsAhead));
            if ((await move.AllowsAsync(tenant, partner, on, cancellationToken)).Refused(out refusal, out _))
                return refusal;

            var transfer = Transfer.Agree(tenant, partner, on, command.Reason, principal.Access.Name, now);
            db.Add(transfer);
            if (on == today)
                await move.MoveAsync(tenant, partner, transfer, cancellationToken);
            else
                db.Publish(new TransferDue(transfer.Id), calendar.StartOf(on));
            return TransferView.Of(transfer, _ => true);
        }
    }

    public static void Map(RouteGroupBuilder tenants) => tenants
        .MapPost("/{id:guid}/transfer", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new OrganizationId(id), body.PartnerId, body.Reason, body.On), ct))
        .Slice<Command, TransferView>(nameof(TransferTenant), "Gives a tenant to another partner from a day on")
        .WithMetadata(new TakesIfMatch());
}

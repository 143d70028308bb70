using System.Globalization;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Schedules a customer's licences for deletion in a week, by a signed request. Asked again for the same ones, the answer is the first one.
/// </summary>
internal static class DeleteLicenses
{
    [Needs(ProvisioningPermissions.SignedUpdate)]
    public sealed record Command(SignedRequest Request) : ICommand<DeletionAnswer>;

    internal sealed class Handler(
        ProvisioningDb db, ICustomers customers, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, DeletionAnswer>
    {
        public async Task<Result<DeletionAnswer>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (SignedBody.Read(command.Request, rules: null).Refused(out var refusal, out var body))
                return refusal;
            if (await customers.HoldAsync(body.Customer.Reseller, body.Customer.Tenant, cancellationToken) is not { } tenant)
                return SignedRefusals.CustomerNotFound;
            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            if (await db.OrderedSeatsOf(tenant.Id, today).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is not { } subscription)
                return SignedRefusals.CustomerNotFound;
            if (precondition.Fails(subscription))
                return Precondition.Failed;
            if (await db.Set<Deletion>().AsNoTracking().SingleOrDefaultAsync(
                    x => x.SubscriptionId == subscription.Id && x.EndedAt == null, cancellationToken) is { } pending)
                return DeletionAnswer.Of(body.Customer, pending);

            var deletion = Deletion.Schedule(subscription, now);
            db.Add(deletion);
            db.Add(HistoryEntry.Of(subscription, HistoryEvent.DeletionScheduled, calendar.DayOf(deletion.DueAt), principal.Access.Name, now));
            db.Publish(new DeletionDue(deletion.Id), deletion.DueAt);
            return DeletionAnswer.Of(body.Customer, deletion);
        }
    }

    public static void Map(IEndpointRouteBuilder routes) => routes.MapSigned<Command, DeletionAnswer, SignedDeleteBody>(
        HttpMethods.Delete, nameof(DeleteLicenses), "Schedules one customer's licences for deletion by a signed request",
        request => new Command(request));
}

/// <summary>A deletion to come, as its caller is told.</summary>
internal sealed record DeletionAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] CcId? CcId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Serial,
    string Status, string Message, string ScheduledAt, string EstimatedDeletionTime, string DeletionId)
{
    public static DeletionAnswer Of(SignedCustomer customer, Deletion deletion) => new(
        SignedAnswer.CcIdOf(customer), SignedAnswer.SerialOf(customer), "scheduled_for_deletion",
        "The customer's license resources will be deleted when the week is over. Until then they can be recovered.",
        deletion.ScheduledAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), "1 week", deletion.Name);
}

using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>
/// Changes a plan's draft; on a published plan it opens the draft of the next version. What is absent stays; charges and terms are
/// replaced whole.
/// </summary>
internal static class ChangePlan
{
    public sealed record Body(
        string? Name = null, IReadOnlyList<ChargeBody>? Charges = null, bool? UsesPriceLists = null, int? TrialDays = null,
        PlanTermsRef? Terms = null);

    [Needs(CatalogPermissions.PlansManage)]
    public sealed record Command(
        PlanId Id, string? Name, IReadOnlyList<ChargeBody>? Charges, bool? UsesPriceLists, int? TrialDays, PlanTermsRef? Terms)
        : ICommand<PlanView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Name!).IsName().When(x => x.Name is not null);
            RuleFor(x => x.TrialDays!.Value).IsTrial().OverridePropertyName(nameof(Command.TrialDays)).When(x => x.TrialDays is not null);
        }
    }

    internal sealed class Handler(CatalogDb db, Precondition precondition) : ICommandHandler<Command, PlanView>
    {
        public async Task<Result<PlanView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var plan = await db.Plans.SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (plan is null)
                return PlanRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(plan))
                return Precondition.Failed;

            var basis = plan.Draft ?? await PublishedAsync(plan, cancellationToken);
            var terms = basis with
            {
                Name = command.Name ?? basis.Name,
                UsesPriceLists = command.UsesPriceLists ?? basis.UsesPriceLists,
                TrialDays = command.TrialDays ?? basis.TrialDays,
            };
            if ((await db.TermsAsync(plan.Product, terms, command.Charges, command.Terms, cancellationToken)).Refused(out var broken, out terms))
                return broken;
            if (plan.Redraft(terms).Refused(out var refusal, out _))
                return refusal;
            return await db.SavedAsync(() => PlanView.Of(plan), cancellationToken);
        }

        private async Task<PlanTerms> PublishedAsync(Plan plan, CancellationToken ct)
        {
            if (plan.CurrentVersionId is not { } current)
                return new PlanTerms(plan.Name, [], false, 0);
            var version = await db.PlanVersions.AsNoTracking().SingleAsync(x => x.Id == current, ct);
            return new PlanTerms(version.Name, version.Charges, version.UsesPriceLists, version.TrialDays) { Terms = version.Terms };
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapPatch("/{id:guid}", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new PlanId(id), body.Name, body.Charges, body.UsesPriceLists, body.TrialDays, body.Terms), ct))
        .Slice<Command, PlanView>(nameof(ChangePlan), "Changes a plan's draft, or opens the next one");
}

using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>Drafts an offer; nobody can subscribe to it before it is published.</summary>
internal static class CreatePlan
{
    [Needs(CatalogPermissions.PlansManage)]
    public sealed record Command(
        string Key, string Name, string Product, Currency Currency, IReadOnlyList<ChargeBody> Charges, bool UsesPriceLists = false, int TrialDays = 0,
        PlanTermsRef? Terms = null) : ICommand<PlanView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Key).IsKey();
            RuleFor(x => x.Name).IsName();
            RuleFor(x => x.Product).NotEmpty();
            RuleFor(x => x.TrialDays).IsTrial();
        }
    }

    internal sealed class Handler(CatalogDb db, TimeProvider clock) : ICommandHandler<Command, PlanView>
    {
        public async Task<Result<PlanView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Plans.AnyAsync(x => x.Key == command.Key, cancellationToken))
                return PlanRefusals.KeyTaken;
            var basis = new PlanTerms(command.Name, [], command.UsesPriceLists, command.TrialDays);
            if ((await db.TermsAsync(command.Product, basis, command.Charges, command.Terms, cancellationToken))
                .Refused(out var refusal, out var terms))
                return refusal;

            var plan = Plan.Create(command.Key, command.Product, command.Currency, terms, clock.GetUtcNow());
            db.Add(plan);
            return PlanView.Of(plan);
        }
    }

    public static void Map(RouteGroupBuilder plans) => plans
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/plans/{x.Id.Value}", ct))
        .Slice<Command, PlanView>(nameof(CreatePlan), "Creates a plan as a draft", StatusCodes.Status201Created);
}

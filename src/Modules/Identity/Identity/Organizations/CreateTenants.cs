using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Organizations;

/// <summary>Opens many tenants at once. Each item succeeds or is refused by itself; all that succeed are committed together.</summary>
internal static class CreateTenants
{
    public const int Most = 1_000;
    private const int MostBytes = 4 * 1024 * 1024;

    [Needs(IdentityPermissions.OrganizationsManage)]
    public sealed record Command(IReadOnlyList<CreateTenant.Command> Items) : ICommand<TenantBatchView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Items).Must(items => items.Count is > 0 and <= Most).WithErrorCode("count")
            .WithMessage($"items must have 1 to {Most} entries.");
    }

    internal sealed class Handler(OrganizationOpening opening, IValidator<CreateTenant.Command> rules) : ICommandHandler<Command, TenantBatchView>
    {
        private static readonly ChannelDialect Statuses = new();

        public async Task<Result<TenantBatchView>> Handle(Command command, CancellationToken cancellationToken)
        {
            // Each would cost reads and a mail of its own.
            var broken = command.Items.Select(item => item.Administrator is null
                ? FieldErrors.Of(rules.Validate(item))
                : OrganizationRefusals.AdministratorInBatch.Fields).ToList();
            var sound = command.Items.Where((_, index) => broken[index].Count == 0)
                .Select(item => ((OrganizationId?)item.PartnerId, (IOrganizationDetails)item));
            var outcomes = new Queue<Result<OrganizationView>>(
                await opening.OpenAsync(OrganizationKind.Tenant, "partnerId", [.. sound], cancellationToken));
            return new TenantBatchView([.. broken.Select((errors, index) =>
                errors.Count > 0 ? Refused(index, Refusal.AllFields(errors))
                : outcomes.Dequeue().Refused(out var refusal, out var tenant) ? Refused(index, refusal)
                : new TenantBatchResult(index, StatusCodes.Status201Created, tenant, null))]);
        }

        private static TenantBatchResult Refused(int index, Refusal refusal) =>
            new(index, Statuses.StatusOf(refusal.Kind), null, new BatchError(refusal.Code, refusal.Message, refusal.Fields));
    }

    public static void Map(RouteGroupBuilder tenants) => tenants
        .MapPost("/batch", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .MaxBody(MostBytes)
        .Slice<Command, TenantBatchView>(nameof(CreateTenants), "Opens up to 1,000 tenants");
}

internal sealed record TenantBatchView(IReadOnlyList<TenantBatchResult> Results);

/// <summary>One item's outcome, with the status that it would have had alone.</summary>
internal sealed record TenantBatchResult(int Index, int Status, OrganizationView? Tenant, BatchError? Error);

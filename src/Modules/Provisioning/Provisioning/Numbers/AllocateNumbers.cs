using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.Numbers;

/// <summary>Gives a tenant numbers: these, or as many as asked for of those that match. All of them or none.</summary>
internal static class AllocateNumbers
{
    public const int Most = 100;

    /// <param name="TenantId">Who gets them.</param>
    /// <param name="Numbers">These, in E.164, at most 100; instead of <c>count</c> and what follows it.</param>
    /// <param name="Count">As many as this, 1 to 100, of those that can be had; from the nearest pool above the tenant first.</param>
    /// <param name="Country">Only of this country, ISO 3166-1 alpha-2.</param>
    /// <param name="Type">Only of this type.</param>
    /// <param name="StartsWith">Only those that begin with these digits, with or without the plus sign.</param>
    /// <param name="Contains">Only those with these digits somewhere.</param>
    [Needs(ProvisioningPermissions.NumbersAllocate)]
    public sealed record Command(
        OrganizationId TenantId, IReadOnlyList<string>? Numbers = null, int? Count = null, string? Country = null, NumberType? Type = null,
        string? StartsWith = null, string? Contains = null) : ICommand<AllocatedNumbers>;

    /// <param name="Items">In the order of the numbers.</param>
    public sealed record AllocatedNumbers(IReadOnlyList<NumberView> Items);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Count).NotNull().When(x => x.Numbers is null).WithErrorCode("one_of")
                .WithMessage("Either numbers or count must be given.");
            RuleFor(x => x.Count).InclusiveBetween(1, Most).WithErrorCode("out_of_range").WithMessage($"count must be 1 to {Most}.");
            RuleFor(x => x.Numbers).Must(n => n is null or { Count: > 0 and <= Most }).WithErrorCode("count")
                .WithMessage($"numbers must have 1 to {Most} entries.");
            RuleForEach(x => x.Numbers).Must(NumberRules.IsE164).WithErrorCode("malformed").WithMessage($"A number must be {NumberRules.E164Rule}.");
            RuleFor(x => x.Numbers).Must(n => n is null || n.Distinct().Count() == n.Count).WithErrorCode("duplicate")
                .WithMessage("A number must be named once.");
            RuleFor(x => x.Country).Must(NumberRules.IsCountry).When(x => x.Country is not null)
                .WithErrorCode("unknown_country").WithMessage(NumberRules.CountryRule);
            RuleFor(x => x.StartsWith).Must(p => NumberRules.IsDigits(NumberRules.Prefix(p)!)).When(x => x.StartsWith is not null)
                .WithErrorCode("malformed").WithMessage($"startsWith must be {NumberRules.DigitsRule}.");
            RuleFor(x => x.Contains).Must(d => NumberRules.IsDigits(d!)).When(x => x.Contains is not null)
                .WithErrorCode("malformed").WithMessage($"contains must be {NumberRules.DigitsRule}.");
            When(x => x.Numbers is not null, () =>
            {
                RuleFor(x => x.Count).Null().WithErrorCode("one_of").WithMessage("Only one of numbers and count can be given.");
                RuleFor(x => x.Country).Null().WithErrorCode("one_of").WithMessage("country goes with count, not with numbers.");
                RuleFor(x => x.Type).Null().WithErrorCode("one_of").WithMessage("type goes with count, not with numbers.");
                RuleFor(x => x.StartsWith).Null().WithErrorCode("one_of").WithMessage("startsWith goes with count, not with numbers.");
                RuleFor(x => x.Contains).Null().WithErrorCode("one_of").WithMessage("contains goes with count, not with numbers.");
            });
        }
    }

    internal sealed class Handler(ProvisioningDb db, FreeNumbers free, IOrganizationDirectory organizations, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, AllocatedNumbers>
    {
        public async Task<Result<AllocatedNumbers>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!(await organizations.HoldAsync([command.TenantId], cancellationToken)).TryGetValue(command.TenantId, out var tenant)
                || tenant.Kind is not OrganizationKind.Tenant || !principal.Scope.Contains(tenant.Path))
                return TenantRefusals.NotFound(command.TenantId);
            if (!tenant.Active)
                return TenantRefusals.NotActive;
            if ((await HoldAsync(command, tenant, cancellationToken)).Refused(out var refusal, out var numbers))
                return refusal;

            var now = clock.GetUtcNow();
            foreach (var number in numbers)
            {
                if (number.Allocate(tenant, now).Refused(out refusal, out var allocated))
                    return refusal;
                db.Add(NumberHolding.Begin(number.Id, tenant.Id, tenant.Path, principal.Access.Name, now));
                db.Publish(allocated);
            }

            return new AllocatedNumbers(
                [.. numbers.OrderBy(n => n.Number, StringComparer.Ordinal).Select(n => NumberView.Of(n, principal.Scope, now))]);
        }

        private async Task<Result<List<InboundNumber>>> HoldAsync(Command command, OrganizationRef tenant, CancellationToken ct)
        {
            List<string> pools = [.. OrganizationPath.Upwards(tenant.Path)];
            if (command.Numbers is { } named)
            {
                var there = (await free.HoldAsync(pools, named, ct)).ToList();
                return named.FirstOrDefault(n => there.TrueForAll(t => t.Number != n)) is { } missing ? NumberRefusals.NotAvailable(missing) : there;
            }

            var wanted = new WantedNumbers(command.Country, command.Type, NumberRules.Prefix(command.StartsWith), command.Contains);
            var held = (await free.HoldAsync(pools, wanted, command.Count!.Value, ct)).ToList();
            return held.Count < command.Count ? NumberRefusals.Exhausted(command.Count.Value, held.Count) : held;
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapPost("/allocate", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, AllocatedNumbers>(nameof(AllocateNumbers), "Allocates inbound numbers to a tenant: named ones, or any that match")
        .WithMetadata(new SliceExample(
            new { tenantId = "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01", count = 2, country = "DE", type = "Geographic", startsWith = "+4930" }));
}

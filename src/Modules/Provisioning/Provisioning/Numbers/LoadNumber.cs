using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>Puts one number into a pool, from where tenants are allocated it.</summary>
internal static class LoadNumber
{
    /// <param name="Number">E.164, with its plus sign.</param>
    /// <param name="Country">ISO 3166-1 alpha-2.</param>
    /// <param name="Type">What calling it means.</param>
    /// <param name="Locality">The place or area that it is of, at most 100 characters.</param>
    /// <param name="OrganizationId">The platform, distributor or partner whose tenants can be given it; the platform when left out.</param>
    [Needs(ProvisioningPermissions.NumbersLoad)]
    public sealed record Command(string Number, string Country, NumberType Type, string? Locality = null, OrganizationId? OrganizationId = null)
        : ICommand<NumberView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Number).Must(NumberRules.IsE164).WithErrorCode("malformed").WithMessage($"number must be {NumberRules.E164Rule}.");
            RuleFor(x => x.Country).Must(NumberRules.IsCountry).WithErrorCode("unknown_country").WithMessage(NumberRules.CountryRule);
            RuleFor(x => x.Locality).Must(NumberRules.IsLocality).WithErrorCode("malformed")
                .WithMessage($"locality must have 1 to {NumberRules.LongestLocality} characters, none of them a control character.");
        }
    }

    internal sealed class Handler(ProvisioningDb db, NumberPool pools, Principal principal, TimeProvider clock) : ICommandHandler<Command, NumberView>
    {
        public async Task<Result<NumberView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await pools.HoldAsync(command.OrganizationId, cancellationToken)).Refused(out var refusal, out var pool))
                return refusal;
            if ((await pools.LoadedAsync([command.Number], cancellationToken)).Count > 0)
                return NumberRefusals.Loaded;
            if ((await pools.LoadAsync(pool, [new NewNumber(command.Number, command.Country, command.Type, command.Locality)], cancellationToken))
                .Refused(out refusal, out _))
                return refusal;
            var loaded = await db.InboundNumbers.AsNoTracking().SingleAsync(x => x.Number == command.Number, cancellationToken);
            return NumberView.Of(loaded, principal.Scope, clock.GetUtcNow());
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/numbers/{x.Id.Value}", ct))
        .Slice<Command, NumberView>(nameof(LoadNumber), "Loads an inbound number into a pool", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new { number = "+4930123456", country = "DE", type = "Geographic", locality = "Berlin" }));
}

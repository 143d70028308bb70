using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Usage.Data;
using Licensing.Usage.Records;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Corrections;

/// <summary>
/// Takes back what a record said, or says it otherwise. Nothing stored is changed: the correction stands beside the record, and its day is
/// computed anew without it.
/// </summary>
internal static class CorrectRecord
{
    /// <param name="TenantId">Whose record; needed where several tenants within reach have one of this id.</param>
    /// <param name="RecordId">The id with which it was sent.</param>
    /// <param name="Quantity">Of the replacement; a decimal as text. What else is left out is as in the record.</param>
    [Needs(UsagePermissions.Correct)]
    public sealed record Command(
        string RecordId, CorrectionAction Action, string Reason, Guid? TenantId = null, string? Quantity = null, DateTimeOffset? Start = null,
        DateTimeOffset? End = null, string? Sku = null, string? Region = null, string? ResourceId = null) : ICommand<CorrectionView>
    {
        public IEnumerable<(string Field, object? Value)> Said() =>
            [("quantity", Quantity), ("start", Start), ("end", End), ("sku", Sku), ("region", Region), ("resourceId", ResourceId)];
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        private const int LongestId = 128;
        private const int LongestText = 256;

        public Validator()
        {
            RuleFor(x => x.RecordId).NotEmpty().MaximumLength(LongestId);
            RuleFor(x => x.Action).IsInEnum();
            RuleFor(x => x.Reason).NotEmpty().MaximumLength(Correction.LongestReason);
            RuleFor(x => x.Quantity).Must(x => x is null || DecimalStrings.IsValid(x)).WithErrorCode("invalid_quantity")
                .WithMessage(RecordRefusals.InvalidQuantity.Message);
            RuleFor(x => x.Sku).NotEmpty().When(x => x.Sku is not null).MaximumLength(LongestText);
            RuleFor(x => x.Region).NotEmpty().When(x => x.Region is not null).MaximumLength(LongestText);
            RuleFor(x => x.ResourceId).NotEmpty().When(x => x.ResourceId is not null).MaximumLength(LongestText);
            RuleFor(x => x).Must(x => x.Said().All(s => s.Value is null)).When(x => x.Action is CorrectionAction.Reverse)
                .OverridePropertyName("action").WithErrorCode("nothing_to_say").WithMessage("A reversal says nothing of what was used.");
            RuleFor(x => x).Must(x => x.Said().Any(s => s.Value is not null)).When(x => x.Action is CorrectionAction.Replace)
                .OverridePropertyName("action").WithErrorCode("required")
                .WithMessage("A replacement says what is otherwise: quantity, start, end, sku, region or resourceId.");
        }
    }

    internal sealed class Handler(
        UsageDb db, CorrectableRecords records, Replacements replacements, Principal principal, UsageSettings settings, TimeProvider clock)
        : ICommandHandler<Command, CorrectionView>
    {
        public async Task<Result<CorrectionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var found = await records.FindAsync(command.RecordId, command.TenantId, principal.Scope, cancellationToken);
            if (found is not [var record])
                return found.Count == 0 ? CorrectionRefusals.RecordNotFound : CorrectionRefusals.Ambiguous;
            if (await db.Set<Correction>().AnyAsync(
                x => x.RecordId == record.Id && x.TenantId == new OrganizationId(record.TenantId), cancellationToken))
                return CorrectionRefusals.Corrected;
            // Records of that day may be gone, and computing it anew would lose what they added.
            var now = clock.GetUtcNow();
            if (record.Start < settings.WholeFrom(now))
                return CorrectionRefusals.TooOld(settings.RetentionMonths);

            var correction = Correction.Of(record, command.Action, command.Reason, principal.Access.Name, now);
            if (correction.ReplacementId is { } id
                && (await replacements.StoreAsync(id, record, command, cancellationToken)).Refused(out var refusal, out _))
                return refusal;
            await records.DoubtAsync(record.TenantId, record.Day, cancellationToken);
            db.Add(correction);
            return CorrectionView.Of(correction);
        }
    }

    public static void Map(RouteGroupBuilder corrections) => corrections
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/usage/corrections/{x.Id}", ct))
        .Slice<Command, CorrectionView>(
            nameof(CorrectRecord), "Reverses or replaces a usage record, which stays as it is", StatusCodes.Status201Created);
}

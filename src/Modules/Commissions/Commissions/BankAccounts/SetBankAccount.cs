using FluentValidation;
using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.BankAccounts;

/// <summary>Says where an organisation is paid from now on. Orders that a bank has been given already keep the account that they name.</summary>
internal static class SetBankAccount
{
    private const int LongestHolder = 70;

    [Needs(CommissionsPermissions.BankAccountsManage)]
    public sealed record Command(OrganizationId OrganizationId, string Holder, string Iban, string? Bic) : ICommand<BankAccountView>;

    public sealed record Body(string Holder, string Iban, string? Bic = null);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Holder).NotEmpty().MaximumLength(LongestHolder);
            RuleFor(x => x.Iban).NotEmpty();
            RuleFor(x => x.Iban).Must(x => BankAccounts.Iban.Normalized(x) is not null).When(x => !string.IsNullOrEmpty(x.Iban))
                .WithErrorCode("not_an_iban").WithMessage("iban is not an IBAN, or its check digits are wrong.");
            RuleFor(x => x.Bic).Must(x => BankAccounts.Iban.NormalizedBic(x!) is not null).When(x => x.Bic is not null)
                .WithErrorCode("not_a_bic").WithMessage("bic must have 8 or 11 characters, such as DEUTDEFF.");
        }
    }

    internal sealed class Handler(
        CommissionsDb db, IOrganizationDirectory organizations, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, BankAccountView>
    {
        public async Task<Result<BankAccountView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var held = await organizations.HoldAsync([command.OrganizationId], cancellationToken);
            if (!held.TryGetValue(command.OrganizationId, out var organization) || !principal.Scope.Contains(organization.Path))
                return BankAccountRefusals.NoOrganization(command.OrganizationId);
            if (organization.Kind is OrganizationKind.Tenant)
                return BankAccountRefusals.NotPaid;

            var (iban, bic) = (Iban.Normalized(command.Iban)!, command.Bic is null ? null : Iban.NormalizedBic(command.Bic));
            var account = await db.BankAccounts.SingleOrDefaultAsync(x => x.OrganizationId == organization.Id, cancellationToken);
            if (account is null)
            {
                account = new BankAccount
                {
                    OrganizationId = organization.Id,
                    OwnerPath = organization.Path,
                    Holder = command.Holder,
                    Iban = iban,
                    Bic = bic,
                    ChangedAt = clock.GetUtcNow(),
                };
                db.Add(account);
            }
            else if (precondition.Fails(account))
            {
                return Precondition.Failed;
            }
            else if ((account.Holder, account.Iban, account.Bic) != (command.Holder, iban, bic))
            {
                (account.Holder, account.Iban, account.Bic, account.ChangedAt) = (command.Holder, iban, bic, clock.GetUtcNow());
            }

            return await db.SavedAsync(() => BankAccountView.Of(account), cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder accounts) => accounts
        .MapPut("/{id:guid}", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new OrganizationId(id), body.Holder, body.Iban, body.Bic), ct))
        .Slice<Command, BankAccountView>(nameof(SetBankAccount), "Says where an organisation is paid")
        .WithMetadata(new TakesIfMatch());
}

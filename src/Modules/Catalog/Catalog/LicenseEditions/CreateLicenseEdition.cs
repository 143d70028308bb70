using FluentValidation;
using Licensing.Catalog.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>Puts a licence edition on sale.</summary>
internal static class CreateLicenseEdition
{
    [Needs(CatalogPermissions.EditionsManage)]
    public sealed record Command(
        string Code, string Quantity, IReadOnlyDictionary<string, string> Names, int Version = 0, int? DurationMonths = null, int? Users = null,
        decimal Points = 0, IReadOnlyList<Money>? Prices = null, bool Demo = false) : ICommand<LicenseEditionView>
    {
        internal EditionTerms Terms() => new(Version, DurationMonths, Quantity, Users, Points, Prices ?? [], EditionRules.InCapitals(Names), Demo);
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Code).Matches(EditionRules.Code()).WithErrorCode("invalid_code")
                .WithMessage("code must be 1 to 50 letters, digits, '.', '_' and '-', and begin with a letter or digit.");
            RuleFor(x => x.Terms()).SetValidator(new EditionRules()).OverridePropertyName("");
        }
    }

    internal sealed class Handler(CatalogDb db, TimeProvider clock) : ICommandHandler<Command, LicenseEditionView>
    {
        public async Task<Result<LicenseEditionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.LicenseEditions.AnyAsync(x => x.Code == command.Code, cancellationToken))
                return EditionRefusals.CodeTaken;
            if (command.Demo && await db.LicenseEditions.AnyAsync(x => x.Demo && x.OnSale, cancellationToken))
                return EditionRefusals.AnotherDemo;

            var edition = LicenseEdition.Create(command.Code, command.Terms(), clock.GetUtcNow());
            db.Add(edition);
            return LicenseEditionView.Of(edition);
        }
    }

    public static void Map(RouteGroupBuilder editions) => editions
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/license-editions/{x.Id.Value}", ct))
        .Slice<Command, LicenseEditionView>(nameof(CreateLicenseEdition), "Puts a licence edition on sale", StatusCodes.Status201Created)
        .WithMetadata(new SliceExample(new
        {
            code = "CL-Q-A005-M1",
            version = 0,
            durationMonths = 1,
            quantity = "5 users",
            users = 5,
            points = "0.5",
            prices = new[] { new { amount = "5.00", currency = "EUR" } },
            names = new { EN = "Business filter license" },
        }));
}

using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>A licence with a duration and a price per currency. Licences keep what they were of, so changing it changes none of them.</summary>
internal sealed class LicenseEdition : IVersioned
{
    public LicenseEditionId Id { get; private init; }
    public string Code { get; private init; } = "";
    public int LicenseVersion { get; private set; }
    public int? DurationMonths { get; private set; }
    public string Quantity { get; private set; } = "";
    public int? Users { get; private set; }
    public decimal Points { get; private set; }
    public IReadOnlyList<Money> Prices { get; private set; } = [];
    public IReadOnlyDictionary<string, string> Names { get; private set; } = new Dictionary<string, string>();

    /// <summary>Demo licences are of it: it lasts as long as they do and costs nothing.</summary>
    public bool Demo { get; private init; }
    public bool OnSale { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static LicenseEdition Create(string code, EditionTerms terms, DateTimeOffset now)
    {
        var edition = new LicenseEdition
        {
            Id = Licensing.Kernel.Id.New<LicenseEditionId>(now),
            Code = code,
            Demo = terms.Demo,
            CreatedAt = now,
            Version = 1
        };
        edition.Change(terms, onSale: true);
        return edition;
    }

    public EditionTerms Terms => new(LicenseVersion, DurationMonths, Quantity, Users, Points, Prices, Names, Demo);

    public void Change(EditionTerms terms, bool onSale) =>
        (LicenseVersion, DurationMonths, Quantity, Users, Points, Prices, Names, OnSale) =
        (terms.LicenseVersion, terms.DurationMonths, terms.Quantity, terms.Users, terms.Points, terms.Prices, terms.Names, onSale);

    public LicenseEditionRef Ref => new(Id, Code, LicenseVersion, DurationMonths, Quantity, Users, Points, Prices, Names, Demo);

    public sealed class Mapping : IEntityTypeConfiguration<LicenseEdition>
    {
        public void Configure(EntityTypeBuilder<LicenseEdition> builder)
        {
            builder.ToTable("license_editions").HasKey(x => x.Id);
            builder.Property(x => x.Prices).IsJson();
            builder.Property(x => x.Names).IsJson();
            builder.Ignore(x => x.Terms).Ignore(x => x.Ref);
        }
    }
}

using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Commissions.Rates;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>
/// Whatever comes in whatever order: all statements together tell what the documents earn, each document counts once, and what is paid out and what
/// is carried on is that.
/// </summary>
public sealed class ConservationTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    private const int Months = 4;

    // Schemes begin after what is closed, so each history has a year of its own, later than those before.
    private static int _year = 1990;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task All_statements_together_tell_what_the_documents_earn(int seed)
    {
        var random = new Random(seed);
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        List<OrganizationRef> tenants = [branch.Tenant];
        foreach (var partner in new[] { branch.Partner, second, second })
            tenants.Add(await app.TenantAsync(branch.Platform, partner));
        using var platform = branch.Administrator();
        var year = Interlocked.Increment(ref _year);
        var ofDistributor = await AgreeAsync(platform, random, branch.Distributor, year, random.Next(2) == 0 ? "Own" : "Override");
        var ofPartner = await AgreeAsync(platform, random, branch.Partner, year, "Own");

        var history = new History(app.Invoices, random, year, tenants);
        foreach (var month in Enumerable.Range(1, Months).OrderBy(_ => random.Next()).ToList())
        {
            history.Go(random.Next(1, 9));
            await CloseAsync(platform, $"{year}-{month:00}");
            history.Closed.Add($"{year}-{month:00}");
        }

        // What comes after the last of them is told by the next one, whatever its own month has.
        history.Go(6);
        await CloseAsync(platform, $"{year}-{Months + 1:00}");
        history.Closed.Add($"{year}-{Months + 1:00}");

        OrganizationRef[] earners = [branch.Distributor, branch.Partner, second];
        var earned = earners.ToDictionary(x => x.Id.Value, _ => 0m);
        foreach (var month in Enumerable.Range(1, Months + 1))
        {
            var partners = On(ofPartner.Terms, history.Net(month, branch.Partner)) + On(ofDistributor.Terms, history.Net(month, second));
            earned[branch.Partner.Id.Value] += On(ofPartner.Terms, history.Net(month, branch.Partner));
            earned[second.Id.Value] += On(ofDistributor.Terms, history.Net(month, second));
            earned[branch.Distributor.Id.Value] +=
                On(ofDistributor.Terms, history.Net(month, branch.Distributor)) - (ofDistributor.Basis == "Override" ? partners : 0m);
        }

        foreach (var earner in earners)
            await CheckAsync(platform, earner, earned[earner.Id.Value], history);

        decimal On(CommissionTiers tiers, decimal net) => tiers.On(new Money(net, Currency.Parse("EUR"))).Amount.Amount;
    }

    private static async Task CheckAsync(HttpClient platform, OrganizationRef earner, decimal earned, History history)
    {
        var statements = await ItemsAsync(platform, $"/api/v1/commissions/statements?organizationId={earner.Id.Value}&limit=200");
        statements.Sum(x => Amount(x, "commission") + Amount(x, "adjusted")).ShouldBe(earned, earner.ExternalId);

        var counted = new Dictionary<string, decimal>();
        foreach (var statement in statements)
        {
            var lines = await ItemsAsync(platform, $"/api/v1/commissions/statements/{statement.GetProperty("id").GetString()}/lines?limit=200");
            lines.Count.ShouldBe(statement.GetProperty("lineCount").GetInt32());
            var adjusted = statement.GetProperty("adjustments").EnumerateArray().ToDictionary(x => x.GetProperty("month").GetString()!);
            adjusted.Values.Sum(x => Amount(x, "commission")).ShouldBe(Amount(statement, "adjusted"));
            var own = Month(statement);
            foreach (var month in lines.GroupBy(x => x.GetProperty("month").GetString()!))
            {
                var told = month.Key == own ? statement : adjusted[month.Key];
                month.Sum(x => Amount(x, "net")).ShouldBe(Amount(told, "basis"));
                month.Sum(x => Amount(x, "commission")).ShouldBe(Amount(told, "gross"));
            }

            foreach (var line in lines)
            {
                var number = line.GetProperty("number").GetString()!;
                counted[number] = counted.GetValueOrDefault(number) + Amount(line, "net");
            }
        }

        counted.Where(x => x.Value != 0m).OrderBy(x => x.Key).ShouldBe(history.Of(earner).OrderBy(x => x.Key));

        var payouts = await ItemsAsync(platform, $"/api/v1/commissions/payouts?organizationId={earner.Id.Value}&limit=200");
        payouts.ShouldAllBe(x => Amount(x, "amount") >= 25m);
        // What one carries out the next carries in, in the order in which they were closed.
        var carried = 0m;
        foreach (var statement in history.Closed.SelectMany(month => statements.Where(x => Month(x) == month)))
        {
            Amount(statement, "carriedIn").ShouldBe(carried);
            carried = Amount(statement, "carriedOut");
        }

        (payouts.Sum(x => Amount(x, "amount")) + carried).ShouldBe(earned, earner.ExternalId);
    }

    private static async Task<(CommissionTiers Terms, string Basis)> AgreeAsync(
        HttpClient platform, Random random, OrganizationRef organization, int year, string basis)
    {
        var (first, next) = (random.Next(1, 500), random.Next(1, 5_000));
        CommissionTier[] tiers =
        [
            new(0m, first, random.Next(0, 2_000) / 100m), new(first, first + next, random.Next(0, 2_000) / 100m),
            new(first + next, null, random.Next(0, 2_000) / 100m),
        ];
        var mode = random.Next(2) == 0 ? CommissionMode.Graduated : CommissionMode.Volume;
        await SchemeAsync(
            platform, organization, [.. tiers.Select(x => Tier($"{x.From}", x.To is { } to ? $"{to}" : null, $"{x.Percent}"))], $"{mode}", basis,
            $"{year}-01", minimumPayout: "25.00");
        return (new CommissionTiers(tiers, mode), basis);
    }

    private static string Month(JsonElement statement) => statement.GetProperty("period").GetProperty("start").GetString()![..7];

    private static decimal Amount(JsonElement of, string field) => decimal.Parse(CommissionsApp.Amount(of, field));

    /// <summary>What is issued, taken back and withdrawn, one after the other.</summary>
    private sealed class History(SaidInvoices invoices, Random random, int year, List<OrganizationRef> tenants)
    {
        private readonly List<(int Month, InvoicedNet Document)> _documents = [];
        private readonly HashSet<InvoiceId> _void = [];

        /// <summary>In their order.</summary>
        public List<string> Closed { get; } = [];

        public void Go(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                var month = random.Next(1, Months + 1);
                var standing = _documents.Where(x => x.Document.CreditNoteId is null && !_void.Contains(x.Document.InvoiceId)).ToList();
                switch (standing.Count == 0 ? 0 : random.Next(5))
                {
                    case 4:
                        var withdrawn = standing[random.Next(standing.Count)].Document;
                        _void.Add(withdrawn.InvoiceId);
                        invoices.Void(withdrawn);
                        break;
                    case 3:
                        var of = standing[random.Next(standing.Count)].Document;
                        _documents.Add((month, invoices.Credit($"{year}-{month:00}", of, $"{of.Net.Amount * random.Next(1, 101) / 100m:0.00}")));
                        break;
                    default:
                        var tenant = tenants[random.Next(tenants.Count)];
                        _documents.Add((month, invoices.Issue($"{year}-{month:00}", tenant, $"{random.Next(-20_000, 500_000) / 100m:0.00}")));
                        break;
                }
            }
        }

        public decimal Net(int month, OrganizationRef earner) => Standing(earner).Where(x => x.Month == month).Sum(x => x.Document.Net.Amount);

        public IEnumerable<KeyValuePair<string, decimal>> Of(OrganizationRef earner) =>
            Standing(earner).Where(x => x.Document.Net.Amount != 0m).Select(x => KeyValuePair.Create(x.Document.Number, x.Document.Net.Amount));

        private IEnumerable<(int Month, InvoicedNet Document)> Standing(OrganizationRef earner) => _documents
            .Where(x => x.Document.OwnerPath.StartsWith(earner.Path, StringComparison.Ordinal) && !_void.Contains(x.Document.InvoiceId));
    }
}

using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Commissions.Rates;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

/// <summary>
/// Whatever comes in whatever order: all statements together tell what the documents earn, each document counts once, and what is paid out and what
/// is carried on is that. Schemes have rates of plans and products besides, or have not.
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
            var partners = On(ofPartner, month, branch.Partner) + On(ofDistributor, month, second);
            earned[branch.Partner.Id.Value] += On(ofPartner, month, branch.Partner);
            earned[second.Id.Value] += On(ofDistributor, month, second);
            earned[branch.Distributor.Id.Value] +=
                On(ofDistributor, month, branch.Distributor) - (ofDistributor.Basis == "Override" ? partners : 0m);
        }

        foreach (var earner in earners)
            await CheckAsync(platform, earner, earned[earner.Id.Value], history);

        // Said another way than the product does: plan by plan, each by the one percentage it has, and the tiers on what has none.
        decimal On(Terms terms, int month, OrganizationRef earner)
        {
            var (own, rest) = (0m, 0m);
            foreach (var (plan, net) in history.Net(month, earner))
                if (terms.Percent(plan) is { } percent)
                    own += net * percent / 100m;
                else
                    rest += net;
            var tiers = terms.Tiers.On(new Money(rest, Currency.Parse("EUR"))).Steps.Sum(x => decimal.Parse($"{x.Amount}"));
            return decimal.Round(own + tiers, 2, MidpointRounding.AwayFromZero);
        }
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
                var parts = line.GetProperty("parts").EnumerateArray().ToList();
                if (parts.Count > 0)
                    (parts.Sum(x => Amount(x, "net")), parts.Sum(x => Amount(x, "commission")))
                        .ShouldBe((Amount(line, "net"), Amount(line, "commission")));
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

    private static async Task<Terms> AgreeAsync(
        HttpClient platform, Random random, OrganizationRef organization, int year, string basis)
    {
        var (first, next) = (random.Next(1, 500), random.Next(1, 5_000));
        CommissionTier[] tiers =
        [
            new(0m, first, random.Next(0, 2_000) / 100m), new(first, first + next, random.Next(0, 2_000) / 100m),
            new(first + next, null, random.Next(0, 2_000) / 100m),
        ];
        CommissionRate[] rates = [.. new (string? Plan, string? Product)[] { ("a", null), (null, "p"), ("c", null) }
            .Where(_ => random.Next(2) == 0).Select(x => new CommissionRate(random.Next(0, 3_000) / 100m, x.Plan, x.Product))];
        var mode = random.Next(2) == 0 ? CommissionMode.Graduated : CommissionMode.Volume;
        await SchemeAsync(
            platform, organization, [.. tiers.Select(x => Tier($"{x.From}", x.To is { } to ? $"{to}" : null, $"{x.Percent}"))], $"{mode}", basis,
            $"{year}-01", minimumPayout: "25.00",
            rates: [.. rates.Select(x => new { plan = x.Plan, product = x.Product, percent = $"{x.Percent}" })]);
        return new Terms(new CommissionTiers(tiers, mode), rates, basis);
    }

    private static string Month(JsonElement statement) => statement.GetProperty("period").GetProperty("start").GetString()![..7];

    private static decimal Amount(JsonElement of, string field) => decimal.Parse(CommissionsApp.Amount(of, field));

    /// <param name="Rates">Plans <c>a</c> and <c>b</c> are of product <c>p</c>, plan <c>c</c> of <c>q</c>; <c>-</c> is none.</param>
    private sealed record Terms(CommissionTiers Tiers, CommissionRate[] Rates, string Basis)
    {
        public decimal? Percent(string plan) => Rates.FirstOrDefault(x => x.Plan == plan)?.Percent
            ?? (plan is "a" or "b" ? Rates.FirstOrDefault(x => x.Product == "p")?.Percent : null);
    }

    /// <summary>What is issued, taken back and withdrawn, one after the other.</summary>
    private sealed class History(SaidInvoices invoices, Random random, int year, List<OrganizationRef> tenants)
    {
        private static readonly string[] Plans = ["a p", "b p", "c q", "- -"];
        private readonly List<(int Month, InvoicedNet Document)> _documents = [];
        private readonly List<(Guid Document, string Plan, decimal Net)> _parts = [];
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
                        Add(month, invoices.Credit($"{year}-{month:00}", of, $"{of.Net.Amount * random.Next(1, 101) / 100m:0.00}"));
                        break;
                    default:
                        var tenant = tenants[random.Next(tenants.Count)];
                        Add(month, invoices.Issue($"{year}-{month:00}", tenant, $"{random.Next(-20_000, 500_000) / 100m:0.00}"));
                        break;
                }
            }
        }

        public Dictionary<string, decimal> Net(int month, OrganizationRef earner)
        {
            var those = Standing(earner).Where(x => x.Month == month).Select(x => x.Document.DocumentId).ToHashSet();
            return _parts.Where(x => those.Contains(x.Document)).GroupBy(x => x.Plan).ToDictionary(x => x.Key, x => x.Sum(part => part.Net));
        }

        // Of one plan or of some, one of which may take off what another adds.
        private void Add(int month, InvoicedNet document)
        {
            _documents.Add((month, document));
            var left = document.Net.Amount;
            var some = Plans.Where(_ => random.Next(2) == 0).DefaultIfEmpty("- -").ToList();
            for (var i = 0; i < some.Count; i++)
            {
                var net = i == some.Count - 1 ? left : decimal.Round(left * random.Next(-20, 120) / 100m, 2);
                left -= net;
                _parts.Add((document.DocumentId, some[i].Split(' ')[0], net));
                invoices.Of(document, $"{some[i]} {net}");
            }
        }

        public IEnumerable<KeyValuePair<string, decimal>> Of(OrganizationRef earner) =>
            Standing(earner).Where(x => x.Document.Net.Amount != 0m).Select(x => KeyValuePair.Create(x.Document.Number, x.Document.Net.Amount));

        private IEnumerable<(int Month, InvoicedNet Document)> Standing(OrganizationRef earner) => _documents
            .Where(x => x.Document.OwnerPath.StartsWith(earner.Path, StringComparison.Ordinal) && !_void.Contains(x.Document.InvoiceId));
    }
}

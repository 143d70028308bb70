using FsCheck;
using FsCheck.Fluent;
using Licensing.Billing.Invoices;

namespace Licensing.Billing.Tests.Invoices;

public sealed class CreditingTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");

    /// <summary>Invoices as they come, then parts of their lines in any order until nothing is left.</summary>
    [Fact]
    public void However_lines_are_taken_apart_the_notes_are_the_invoice_no_cent_more_or_less()
    {
        var samples =
            from nets in Gen.ListOf(Gen.Choose(-50_000, 500_000), 6)
            from parts in Gen.ListOf(Gen.Choose(1, 60_000), 80)
            from rate in Gen.Choose(0, 2700)
            select (Nets: nets.ToList(), Parts: parts.ToList(), Rate: rate);
        Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            // As the invoice's: the tax of the sum, shared by largest remainder.
            var exact = sample.Nets.Select(net => (Exact)net / 100 * sample.Rate / 10_000).ToList();
            var taxes = Allocation.RoundTogether(Exact.Sum(exact).Round(Eur), exact);
            var lines = sample.Nets.Select((net, i) => Line(i + 1, net / 100m, taxes[i].Amount)).ToList();
            var sum = (Net: 0m, Tax: 0m);
            for (var i = 0; i < sample.Parts.Count; i++)
            {
                var at = i % lines.Count;
                var part = new Money(Math.Sign(lines[at].Net.Amount) * sample.Parts[i] / 100m, Eur);
                var decided = Crediting.Decide(lines, [new AskedCredit(at + 1, part)]);
                if (Math.Abs(part.Amount) > Math.Abs(lines[at].Left.Amount) || part.Amount == 0)
                    decided.Refusal.ShouldNotBeNull();
                else
                    Take(decided);
            }

            if (!Crediting.Decide(lines, null).Refused(out var refusal, out _))
                Take(Crediting.Decide(lines, null));
            else
                refusal.Code.ShouldBe("nothing_to_credit");
            sum.ShouldBe((lines.Sum(x => x.Net.Amount), taxes.Sum(x => x.Amount)));
            lines.ShouldAllBe(x => !x.IsLeft);
            Crediting.Decide(lines, null).Refusal!.Code.ShouldBe("nothing_to_credit");

            void Take(Result<IReadOnlyList<CreditedLine>> decided)
            {
                decided.Refused(out var unexpected, out var credited).ShouldBeFalse(unexpected?.Message);
                foreach (var (line, net, tax) in credited!)
                {
                    sum = (sum.Net + net.Amount, sum.Tax + tax.Amount);
                    lines[line.Position - 1] = line with { CreditedNet = line.CreditedNet + net, CreditedTax = line.CreditedTax + tax };
                    var after = lines[line.Position - 1];
                    Math.Abs(after.CreditedTax.Amount).ShouldBeLessThanOrEqualTo(Math.Abs(after.Tax.Amount));
                    (after.CreditedTax.Amount * after.Tax.Amount).ShouldBeGreaterThanOrEqualTo(0m);
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    private static CreditableLine Line(int position, decimal net, decimal tax) => new(
        position, "Line", new Money(net, Eur), new Money(tax, Eur), "S", 20, Money.Zero(Eur), Money.Zero(Eur));
}

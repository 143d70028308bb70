using System.Numerics;

namespace Licensing.Billing.Rating;

/// <summary>
/// Turns prices and usage into a bill. Pure: quotes, previews and the billing run call it with the same request and get the same bill.
/// In this order: each line is rated and rounded once; cap; true-up to the minimum; coupons; tax on what is left.
/// </summary>
internal static class Rater
{
    private const string TrueUpName = "Minimum commitment";

    /// <summary>Refused as <c>validation_failed</c> with every field at fault, or as <c>amount_too_large</c>.</summary>
    public static Result<RatedBill> Rate(RatingRequest request)
    {
        var errors = request.Validate();
        if (errors.Count > 0)
            return Refusal.AllFields(errors);

        var lines = new RatedLine[request.Items.Count];
        for (var i = 0; i < lines.Length; i++)
        {
            if (RateLine(request, i).Refused(out var tooLarge, out var line))
                return tooLarge;
            lines[i] = line;
        }

        // Up to the limit no sum, share or tax that follows can leave the range of a decimal.
        if (!Fits(Sum(lines), request.Currency))
            return RatingRefusals.AmountTooLarge("/charges");

        lines = Capped(lines, request);
        var committed = Proration.Of(request.Active ?? request.Period, request.Period).Of(request.Minimum ?? 0);
        if (!committed.TryRound(request.Currency, out var minimum) || !Fits(minimum.Amount - Sum(lines), request.Currency))
            return RatingRefusals.AmountTooLarge("/minimum");

        var trueUps = request.Minimum is null ? [] : TrueUps(lines, minimum, request);
        RatedLine[] all = Discounted([.. lines, .. trueUps], request);
        var taxes = new List<TaxTotal>();
        foreach (var tax in request.Taxes ?? [])
        {
            if (!TryTax(all, tax, request.Currency, taxes))
                return RatingRefusals.AmountTooLarge("/taxes");
        }

        var bill = new RatedBill(request.Currency, all[..lines.Length], all[lines.Length..], taxes);
        return Fits(bill.Total.Amount, request.Currency) ? bill : RatingRefusals.AmountTooLarge("/taxes");
    }

    private static Result<RatedLine> RateLine(RatingRequest request, int index)
    {
        var item = request.Items[index];
        var days = item.Charge.Prorate
            ? Proration.Of(item.Active ?? request.Active ?? request.Period, request.Period)
            : Proration.Whole(request.Period);
        var sign = item.IsCredit ? -1 : 1;
        RatingStep[] steps = [.. item.Charge.Steps(item.Usage).Select(step => step with
        {
            Quantity = step.Quantity * sign,
            FlatFee = step.FlatFee * sign,
            Amount = days.Of(step.Amount) * sign,
        })];

        var unrounded = Exact.Sum(steps.Select(step => step.Amount));
        return unrounded.TryRound(request.Currency, out var amount)
            ? new RatedLine(item.Name, item.TaxCategory, item.Charge.QuantityOf(item.Usage) * sign, steps, days, unrounded, amount)
            : RatingRefusals.AmountTooLarge($"/charges/{index}");
    }

    private static RatedLine[] Capped(RatedLine[] lines, RatingRequest request)
    {
        var sum = Sum(lines);
        if (request.Cap is not { } cap || sum <= cap)
            return lines;

        return Spread(lines, (sum - cap).Round(request.Currency.MinorUnits), request.Currency, (line, share) => line with { CapReduction = share });
    }

    private static RatedLine[] TrueUps(RatedLine[] lines, Money minimum, RatingRequest request)
    {
        var due = (minimum.Amount - Sum(lines)).Round(request.Currency);
        if (due.Amount <= 0)
            return [];

        // What tops up the lines is taxed as they are.
        (string? Category, decimal Weight)[] categories = request.MinimumTaxCategory is not null || lines.Length == 0
            ? [(request.MinimumTaxCategory, 1m)]
            : [.. lines.GroupBy(line => line.TaxCategory).Select(group => (group.Key, Math.Max(0m, group.Sum(line => line.Net.Amount))))];

        return [.. Allocation.ByLargestRemainder(due, [.. categories.Select(category => category.Weight)])
            .Zip(categories, (share, category) => new RatedLine(TrueUpName, category.Category, 1, [RatingStep.Of(0, null, 1, share.Amount, 0)],
                Proration.Of(request.Active ?? request.Period, request.Period), share.Amount, share))
            .Where(line => line.Amount.Amount != 0)];
    }

    private static RatedLine[] Discounted(RatedLine[] lines, RatingRequest request)
    {
        var sum = Sum(lines);
        if (sum.Sign <= 0)
            return lines;

        // One fraction of all percentages, so that terms are brought to their lowest once and not per coupon.
        Exact[] kept = [.. request.Coupons.Where(coupon => coupon.Percent is not null).Select(coupon => 100 - coupon.Percent!.Value)];
        var share = new Exact(
            kept.Aggregate(BigInteger.One, (product, part) => product * part.Numerator),
            kept.Aggregate(BigInteger.One, (product, part) => product * part.Denominator * 100));
        var left = Exact.Max(0, sum * share - Exact.Sum(request.Coupons.Select(coupon => coupon.Amount ?? 0)));
        var discount = (sum - left).Round(request.Currency.MinorUnits);
        return Spread(lines, discount, request.Currency, (line, part) => line with { Discount = part });
    }

    private static bool TryTax(RatedLine[] lines, TaxRate rate, Currency currency, List<TaxTotal> totals)
    {
        var taxed = Enumerable.Range(0, lines.Length).Where(i => lines[i].TaxCategory == rate.Category).ToArray();
        if (taxed.Length == 0)
            return true;

        var exact = taxed.Select(i => lines[i].Net.Amount * rate.Percent / 100).ToArray();
        if (!Exact.Sum(exact).TryRound(currency, out var tax))
            return false;

        var shares = Allocation.RoundTogether(tax, exact);
        for (var i = 0; i < taxed.Length; i++)
            lines[taxed[i]] = lines[taxed[i]] with { Tax = shares[i] };
        totals.Add(new(rate.Category, rate.Percent, Money.Sum(currency, taxed.Select(i => lines[i].Net)), tax));
        return true;
    }

    // Only called with a part of a positive sum, so a share is never more than its line.
    private static RatedLine[] Spread(RatedLine[] lines, Exact amount, Currency currency, Func<RatedLine, Money, RatedLine> with)
    {
        var shares = Allocation.ByLargestRemainder(amount.Round(currency), [.. lines.Select(line => line.Net.Amount)]);
        return [.. lines.Zip(shares, with)];
    }

    private static Exact Sum(IEnumerable<RatedLine> lines) => Exact.Sum(lines.Select(line => (Exact)line.Net.Amount));

    private static bool Fits(Exact amount, Currency currency) => amount.TryRound(currency, out _);
}

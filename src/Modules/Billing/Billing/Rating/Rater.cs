namespace Licensing.Billing.Rating;

/// <summary>
/// Turns prices and usage into a bill. Pure: quotes, previews and the billing run call it with the same request and get the same bill.
/// In this order: each line is rated and rounded once; caps and true-ups to minimums; coupons; credits; tax
/// on what is left.
/// </summary>
internal static class Rater
{
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

        var items = lines.Length;
        if (Bounds.Of(request).Refused(out var beyond, out var bounds))
            return beyond;
        for (var i = 0; i < bounds.Length; i++)
        {
            if (Committed(lines, items, bounds[i], i, request).Refused(out beyond, out var bound))
                return beyond;
            lines = bound;
        }

        var (discounted, coupons) = Reductions.Coupons(lines, request);
        var (all, credits, _) = Reductions.Credits(discounted, request);
        if (!TaxTotals.TryApply(all, request.Taxes ?? [], request.Currency, out var taxes))
            return RatingRefusals.AmountTooLarge("/taxes");

        var bill = new RatedBill(request.Currency, all[..items], all[items..], taxes) { CouponsTaken = coupons, CreditsTaken = credits };
        return Fits(bill.Total.Amount, request.Currency) ? bill : RatingRefusals.AmountTooLarge("/taxes");
    }

    private static Result<RatedLine> RateLine(RatingRequest request, int index)
    {
        var item = request.Items[index];
        var days = item.Charge.Prorate
            ? Proration.Of(item.Active ?? request.Active ?? request.Period, request.Period)
            : Proration.Whole(request.Period);
        var sign = item.IsCredit ? -1 : 1;
        var steps = item.Charge.Steps(item.Usage);
        if (days.Days != days.PeriodDays || sign < 0)
            steps = [.. steps.Select(step => step with
            {
                Quantity = step.Quantity * sign,
                FlatFee = step.FlatFee * sign,
                Amount = days.Of(step.Amount) * sign,
            })];

        var unrounded = Exact.Zero;
        foreach (var step in steps)
            unrounded += step.Amount;
        if (item.Exchange is { } exchange)
            unrounded *= exchange.Rate;
        return unrounded.TryRound(request.Currency, out var amount)
            ? new RatedLine(item.Name, item.TaxCategory, item.Charge.QuantityOf(item.Usage) * sign, steps, days, unrounded, amount)
            {
                Exchange = item.Exchange,
            }
            : RatingRefusals.AmountTooLarge($"/charges/{index}");
    }

    // The lines after the items are what commitments before this one added; only the bounds of the whole bill are about them too.
    private static Result<RatedLine[]> Committed(
        RatedLine[] lines, int items, Bound bounds, int place, RatingRequest request)
    {
        if (bounds is { Minimum: null, Cap: null })
            return lines;

        var commitment = place < request.Commitments.Count ? request.Commitments[place] : request.Whole;
        bool IsBound(int i) => commitment.Items is null || (i < items && commitment.Items.Contains(i));
        var bound = Enumerable.Range(0, lines.Length).Where(IsBound).ToArray();
        var sum = Exact.Sum(bound.Select(i => (Exact)lines[i].Net.Amount));
        if (bounds.Cap is { } cap && sum > cap.Amount)
        {
            var off = (sum - cap.Amount).Round(request.Currency);
            var shares = Allocation.ByLargestRemainder(off, [.. bound.Select(i => lines[i].Net.Amount)]);
            lines = [.. lines];
            for (var i = 0; i < bound.Length; i++)
                lines[bound[i]] = lines[bound[i]] with { CapReduction = lines[bound[i]].CapReduction + shares[i] };
            sum = cap.Amount;
        }

        if (bounds.Minimum is not { } minimum)
            return lines;
        if (!Fits(minimum.Amount - sum, request.Currency))
            return RatingRefusals.AmountTooLarge("/minimum");

        var (due, days) = ((minimum.Amount - sum).Round(request.Currency), commitment.Days ?? Proration.Whole(request.Period));
        return due.Amount <= 0 ? lines : (RatedLine[])[.. lines, .. TrueUps([.. bound.Select(i => lines[i])], due, days, commitment, place, request)];
    }

    private static IEnumerable<RatedLine> TrueUps(
        RatedLine[] lines, Money due, Proration days, Commitment commitment, int place, RatingRequest request)
    {
        // What tops up the lines is taxed as they are.
        (string? Category, decimal Weight)[] categories = commitment.TaxCategory is not null || lines.Length == 0
            ? [(commitment.TaxCategory, 1m)]
            : [.. lines.GroupBy(line => line.TaxCategory).Select(group => (group.Key, Math.Max(0m, group.Sum(line => line.Net.Amount))))];

        // Where nothing was charged of several kinds nothing says how much is of which: all of it is of the standard one.
        if (categories.Length > 1 && categories.All(category => category.Weight == 0))
            categories = [(Standard(categories.Select(category => category.Category), request), 1m)];

        return Allocation.ByLargestRemainder(due, [.. categories.Select(category => category.Weight)])
            .Zip(categories, (share, category) => new RatedLine(
                commitment.Name, category.Category, 1, [RatingStep.Of(0, null, 1, share.Amount, 0)], days, share.Amount, share)
            {
                Commitment = place,
            })
            .Where(line => line.Amount.Amount != 0);
    }

    private static string? Standard(IEnumerable<string?> categories, RatingRequest request) =>
        request.Taxes is null || request.Taxes.Any(tax => tax.Category == TaxRate.Standard)
            ? TaxRate.Standard
            : request.Taxes.Where(tax => categories.Contains(tax.Category)).MaxBy(tax => tax.Percent)?.Category;

    private static Exact Sum(IEnumerable<RatedLine> lines) => Exact.Sum(lines.Select(line => (Exact)line.Net.Amount));

    private static bool Fits(Exact amount, Currency currency) => amount.TryRound(currency, out _);
}

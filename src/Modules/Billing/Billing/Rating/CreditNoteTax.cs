namespace Licensing.Billing.Rating;

/// <summary>The tax of crediting a part of an invoice line.</summary>
internal static class CreditNoteTax
{
    /// <summary>
    /// The tax that goes with crediting <paramref name="net"/> of a line, after <paramref name="credited"/> of it. It is the tax of all
    /// that is credited by then, rounded half away from zero, less what was given back before: however a line is taken apart,
    /// the parts add up to exactly the tax that was allotted to it.
    /// </summary>
    /// <param name="line">Net and allotted tax of the invoice line.</param>
    /// <param name="credited">Net and tax of the credit notes so far; positive for a positive line.</param>
    /// <param name="net">What to credit now, with the sign of the line, in whole minor units.</param>
    public static Result<Money> For((Money Net, Money Tax) line, (Money Net, Money Tax) credited, Money net)
    {
        var left = line.Net - credited.Net;
        var wrongWay = net.Amount != 0 && Math.Sign(net.Amount) != Math.Sign(line.Net.Amount);
        if (wrongWay || Math.Abs(net.Amount) > Math.Abs(left.Amount))
            return RatingRefusals.CreditExceedsLine(left);
        if (line.Net.Amount == 0)
            return Money.Zero(net.Currency);

        var due = line.Tax.Amount * (Exact)(credited.Net + net).Amount / line.Net.Amount;
        return due.Round(net.Currency) - credited.Tax;
    }
}

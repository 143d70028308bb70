using System.Globalization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Commissions.PaymentOrders;

/// <summary><c>ops commissions order</c>: the same command as the API's.</summary>
internal static class PaymentsAtTerminal
{
    /// <param name="Payout">Null in the lines that count.</param>
    private sealed record Row(string What, Guid? Payout, Guid? Organization, string Amount, string Told);

    public static OpsCommand Order { get; } = new(
        "commissions order", "Orders the payment of all that is due in a currency, and tells which payouts are left out of it and why.",
        [
            new("--currency", "ISO 4217.", OpsArgumentKind.Required),
            new("--format", "sepa or csv; else sepa in euro from an account in SEPA."),
            new("--organization", "Only what is due to the one with this id."),
            new("--executes-on", "When the bank is to pay, yyyy-MM-dd; else today."),
        ],
        async (call, ct) =>
        {
            if (Typed(call).Refused(out var refusal, out var command)
                || (await call.Services.GetRequiredService<ISender>().Send(command, ct)).Refused(out refusal, out var ordered))
                return refusal;
            return new OpsAnswer(call.Has("--json") ? ordered : Rows(ordered));
        });

    private static Result<OrderPayments.Command> Typed(OpsCall call)
    {
        if (!Currency.TryParse(call["--currency"], out var currency))
            return OpsCall.Wrong($"--currency must be a currency such as EUR, not '{call["--currency"]}'.");
        if (call.Id("--organization", "an organisation's id").Refused(out var refusal, out var organization))
            return refusal;
        OrderFormat? format = call["--format"] switch { "sepa" => OrderFormat.Sepa, "csv" => OrderFormat.Csv, _ => null };
        if (format is null && call["--format"] is { } other)
            return OpsCall.Wrong($"--format must be sepa or csv, not '{other}'.");
        DateOnly? executesOn = null;
        if (call["--executes-on"] is { } text)
        {
            if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                return OpsCall.Wrong($"--executes-on must be a day, yyyy-MM-dd, not '{text}'.");
            executesOn = day;
        }

        return new OrderPayments.Command(currency, organization.As<OrganizationId>(), executesOn, format);
    }

    private static IEnumerable<Row> Rows(OrderedView x)
    {
        var ordered = $"{x.Order.Payouts} payouts in order {x.Order.Id.Value} as {x.Format}, to be paid on {x.Order.ExecutesOn:yyyy-MM-dd}";
        yield return new Row("ordered", null, null, x.Order.Total.ToString(), ordered);
        foreach (var (count, told) in new[]
        {
            (x.WithoutAccount, "without a bank account"), (x.OutsideSepa, "outside SEPA; --format csv pays them"), (x.Left, "for the next order"),
        })
            if (count > 0)
                yield return new Row("left out", null, null, "", string.Create(CultureInfo.InvariantCulture, $"{count} {told}"));
        foreach (var left in x.LeftOut)
            yield return new Row("left out", left.PayoutId.Value, left.OrganizationId.Value, left.Amount.ToString(), left.Reason);
    }
}

using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Licensing.Provisioning.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Provisioning.Numbers;

/// <summary><c>ops numbers list</c>: pages until as many are there as were asked for.</summary>
internal static class ListNumbersAtTerminal
{
    private const int MostListed = 10_000;

    public static OpsCommand Ops { get; } = new(
        "numbers list", "Inbound numbers, the last loaded first.",
        [
            new("--state", string.Join(", ", Enum.GetNames<NumberState>()) + "."),
            new("--country", "Only those of a country, such as DE."),
            new("--type", string.Join(", ", Enum.GetNames<NumberType>()) + "."),
            new("--tenant", "Only those that a tenant holds, by its id."),
            new("--number", "Only this one."),
            OpsArgument.Limit(MostListed),
        ],
        ListAsync);

    private static async Task<Result<OpsAnswer>> ListAsync(OpsCall call, CancellationToken ct)
    {
        if (call.Limit(MostListed).Refused(out var refusal, out var limit)
            || call.Id("--tenant", "a tenant's id").Refused(out refusal, out var tenant))
            return refusal;

        var (rows, sender, next) = (new List<NumberView>(), call.Services.GetRequiredService<ISender>(), (string?)null);
        do
        {
            if (PageStart.Read(Math.Min(limit - rows.Count, PageStart.MostItems), next).Refused(out refusal, out var start))
                return refusal;
            var query = new ListNumbers.Query(tenant.Value, call["--state"], call["--country"], call["--type"], call["--number"], start);
            if ((await sender.Send(query, ct)).Refused(out refusal, out var page))
                return refusal;
            rows.AddRange(page.Items);
            next = page.Next;
        }
        while (next is not null && rows.Count < limit);
        return new OpsAnswer(rows);
    }
}

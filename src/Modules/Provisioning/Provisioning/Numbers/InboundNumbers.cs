using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>Other modules' doors to the same slices.</summary>
internal sealed class InboundNumbers(ISender sender) : IInboundNumbers
{
    public async Task<Result<Page<InboundNumberRef>>> SearchAsync(
        OrganizationId? tenant, string? country, string? contains, PageStart start, CancellationToken ct)
    {
        var query = new SearchNumbers.Query(tenant?.Value, country, null, null, contains, start);
        return (await sender.Send(query, ct)).Refused(out var refusal, out var page)
            ? refusal
            : page.Select(x => new InboundNumberRef(x.Id, x.Number, x.Country, x.Type, x.Locality, null));
    }

    public async Task<Result<InboundNumberRef>> AllocateAsync(OrganizationId tenant, string number, CancellationToken ct) =>
        (await sender.Send(new AllocateNumbers.Command(tenant, [number]), ct)).Refused(out var refusal, out var allocated)
            ? refusal
            : Ref(allocated.Items[0]);

    public async Task<Result<InboundNumberRef>> ReleaseAsync(OrganizationId tenant, string number, CancellationToken ct)
    {
        var query = new ListNumbers.Query(tenant.Value, null, null, null, number, new PageStart(1, null));
        if ((await sender.Send(query, ct)).Refused(out var refusal, out var held))
            return refusal;
        if (held.Items.Count == 0)
            return NumberRefusals.NotHeld(number);
        return (await sender.Send(new ReleaseNumber.Command(held.Items[0].Id, null), ct)).Refused(out refusal, out var released)
            ? refusal
            : Ref(released);
    }

    public async Task<Result<Page<InboundNumberRef>>> HeldAsync(OrganizationId tenant, PageStart start, CancellationToken ct)
    {
        var query = new ListNumbers.Query(tenant.Value, null, null, null, null, start);
        return (await sender.Send(query, ct)).Refused(out var refusal, out var page) ? refusal : page.Select(Ref);
    }

    private static InboundNumberRef Ref(NumberView x) => new(x.Id, x.Number, x.Country, x.Type, x.Locality, x.TenantId);
}

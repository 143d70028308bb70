using System.Globalization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Provisioning.Numbers;

/// <summary>The numbers of the caller's branch: those its tenants hold, those in quarantine after them, and what is free in pools of its own.</summary>
internal static class ListNumbers
{
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(Guid? TenantId, string? State, string? Country, string? Type, string? Number, int? Limit, string? After) : IQuery<Page<NumberView>>;

    internal sealed class Handler(ProvisioningDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<NumberView>>
    {
        public async Task<Result<Page<NumberView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<NumberState>("state", request.State, out var state, out refusal)
                || QueryWord.Refuses<NumberType>("type", request.Type, out var type, out refusal))
                return refusal;
            var now = clock.GetUtcNow();
            var rows = db.InboundNumbers.AsNoTracking().Within(principal.Scope);
            if (state is { } asked)
                rows = InState(rows, asked, now);
            if (request.TenantId is { } tenant)
                rows = rows.Where(x => x.TenantId == new OrganizationId(tenant));
            if (request.Country is not null)
                rows = rows.Where(x => x.Country == request.Country);
            if (type is { } ofType)
                rows = rows.Where(x => x.Type == ofType);
            if (request.Number is not null)
            {
                var number = "+" + NumberRules.Prefix(request.Number);
                rows = rows.Where(x => x.Number == number);
            }

            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : new Page<NumberView>([.. page.Items.Select(x => NumberView.Of(x, principal.Scope, now))], page.Next);
        }

        // The same cases as InboundNumber.StateAt, for the database.
        private static IQueryable<InboundNumber> InState(IQueryable<InboundNumber> rows, NumberState state, DateTimeOffset now) => state switch
        {
            NumberState.Allocated => rows.Where(x => x.TenantId != null),
            NumberState.Withdrawn => rows.Where(x => x.WithdrawnAt != null),
            NumberState.Quarantined => rows.Where(x => x.TenantId == null && x.WithdrawnAt == null && x.QuarantinedUntil > now),
            _ => rows.Where(x => x.TenantId == null && x.WithdrawnAt == null && (x.QuarantinedUntil == null || x.QuarantinedUntil <= now)),
        };
    }

    private const int MostListed = 10_000;

    public static OpsCommand Ops { get; } = new(
        "numbers list", "Inbound numbers, the last loaded first.",
        [
            new("--state", string.Join(", ", Enum.GetNames<NumberState>()) + "."), new("--country", "Only those of a country, such as DE."), new("--type", string.Join(", ", Enum.GetNames<NumberType>()) + "."),
            new("--tenant", "Only those that a tenant holds, by its id."), new("--number", "Only this one."), new("--limit", $"1 to {MostListed}, else 50."),
        ],
        ListAsync);

    private static async Task<Result<OpsAnswer>> ListAsync(OpsCall call, CancellationToken ct)
    {
        var limit = PageStart.DefaultLimit;
        if (call["--limit"] is { } said && (!int.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MostListed))
            return OpsCall.Wrong($"--limit must be 1 to {MostListed}, not '{said}'.");
        Guid? tenant = null;
        if (call["--tenant"] is { } id)
        {
            if (!Guid.TryParse(id, out var parsed))
                return OpsCall.Wrong($"--tenant must be a tenant's id, not '{id}'.");
            tenant = parsed;
        }

        var (rows, sender, after) = (new List<NumberView>(), call.Services.GetRequiredService<ISender>(), (string?)null);
        do
        {
            var query = new Query(tenant, call["--state"], call["--country"], call["--type"], call["--number"], Math.Min(limit - rows.Count, PageStart.MostItems), after);
            if ((await sender.Send(query, ct)).Refused(out var refusal, out var page))
                return refusal;
            rows.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null && rows.Count < limit);
        return new OpsAnswer(rows);
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapGet("/", (Guid? tenantId, string? state, string? country, string? type, string? number, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(tenantId, state, country, type, number, limit, after), ct))
        .Slice<Query, Page<NumberView>>(nameof(ListNumbers), "Lists the branch's inbound numbers, the last loaded first");
}

using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Audit;

/// <summary>Lists who changed what, newest first.</summary>
internal static class ListAudit
{
    [Needs(IdentityPermissions.AuditRead)]
    public sealed record Query(AuditFilter Filter, int? Limit, string? After) : IQuery<Page<AuditView>>;

    public sealed record AuditView(
        Guid Id, DateTimeOffset At, string Action, PrincipalView Principal, IReadOnlyList<ResourceView> Resources, string? RequestId);

    /// <param name="Kind">What he is.</param>
    /// <param name="Id">The user's or the credential's.</param>
    /// <param name="Name">As he was called.</param>
    /// <param name="OrganizationId">Whose.</param>
    /// <param name="LinkMakerId">The user, key or client that made the login link by which he came; null where he logged in himself.</param>
    public sealed record PrincipalView(PrincipalKind Kind, Guid Id, string Name, Guid OrganizationId, Guid? LinkMakerId);

    /// <summary>One thing that was changed: property → <c>{old,new}</c>.</summary>
    public sealed record ResourceView(string Type, string Id, JsonElement Changes);

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<AuditView>>
    {
        public async Task<Result<Page<AuditView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var rows = await query.Filter.RowsAsync(db, principal.Scope, cancellationToken);
            return await rows.ToPageAsync(start, x => x.Id, x => new AuditView(
                x.Id, x.At, x.Action,
                new PrincipalView(x.PrincipalKind, x.PrincipalId, x.PrincipalName, x.OrganizationId, AuditStore.LinkMakerOf(x.Resources)),
                Read(x.Changes), x.RequestId), x => x.Id, cancellationToken);
        }

        private static List<ResourceView> Read(string changes) => JsonSerializer.Deserialize<List<ResourceView>>(changes, StoredJson.Options)!;
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/audit", async (Guid? organizationId, Guid? principalId, string? action, string? resourceType, string? resourceId,
            DateTimeOffset? from, DateTimeOffset? until, int? limit, string? after, HttpRequest request, ISender sender, CancellationToken ct) =>
        {
            if (from >= until)
                return new RefusedResult(QueryWord.NotAfter("from", "until"));
            var filter = new AuditFilter(
                organizationId is { } id ? new OrganizationId(id) : null, principalId, action, resourceType, resourceId, from, until);
            return request.WantsCsv ? await ExportAudit.SendAsync(filter, sender, ct) : await sender.Ok(new Query(filter, limit, after), ct);
        })
        .Slice<Query, Page<AuditView>>(nameof(ListAudit), "Lists who changed what, newest first; all of it as CSV with Accept: text/csv")
        .WithTags("Identity");
}

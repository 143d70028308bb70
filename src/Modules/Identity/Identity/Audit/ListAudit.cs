using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Audit;

/// <summary>Lists who changed what, newest first.</summary>
internal static class ListAudit
{
    [Needs(IdentityPermissions.AuditRead)]
    public sealed record Query(
        OrganizationId? OrganizationId, Guid? PrincipalId, string? Action, string? ResourceType, string? ResourceId, DateTimeOffset? From,
        DateTimeOffset? Until, int? Limit, string? After) : IQuery<Page<AuditView>>;

    public sealed record AuditView(
        Guid Id, DateTimeOffset At, string Action, PrincipalView Principal, IReadOnlyList<ResourceView> Resources, string? RequestId);

    public sealed record PrincipalView(PrincipalKind Kind, Guid Id, string Name, Guid OrganizationId);

    /// <summary>One thing that was changed: property → <c>{old,new}</c>.</summary>
    public sealed record ResourceView(string Type, string Id, JsonElement Changes);

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<AuditView>>
    {
        public async Task<Result<Page<AuditView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var rows = db.AuditRecords.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
            {
                // An organisation's trail is that of its branch.
                var path = await db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => x.Id == organization)
                    .Select(x => x.OwnerPath).SingleOrDefaultAsync(cancellationToken);
                rows = rows.Within(path is null ? Scope.Nothing : Scope.Of([path]));
            }

            if (query.PrincipalId is { } by)
                rows = rows.Where(x => x.PrincipalId == by);
            if (query.Action is { } action)
                rows = rows.Where(x => x.Action == action);
            if (new[] { query.ResourceType, query.ResourceId }.OfType<string>().ToArray() is { Length: > 0 } resource)
                rows = rows.Where(x => resource.All(r => x.Resources.Contains(r)));
            if (query.From is { } from)
                rows = rows.Where(x => x.At >= from.ToUniversalTime());
            if (query.Until is { } until)
                rows = rows.Where(x => x.At < until.ToUniversalTime());
            return await rows.ToPageAsync(start, x => x.Id, x => new AuditView(
                x.Id, x.At, x.Action, new PrincipalView(x.PrincipalKind, x.PrincipalId, x.PrincipalName, x.OrganizationId),
                Read(x.Changes), x.RequestId), x => x.Id, cancellationToken);
        }

        private static List<ResourceView> Read(string changes) => JsonSerializer.Deserialize<List<ResourceView>>(changes, StoredJson.Options)!;
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/audit", (Guid? organizationId, Guid? principalId, string? action, string? resourceType, string? resourceId,
            DateTimeOffset? from, DateTimeOffset? until, int? limit, string? after, ISender sender, CancellationToken ct) => sender.Ok(new Query(
                organizationId is { } id ? new OrganizationId(id) : null, principalId, action, resourceType, resourceId, from, until, limit, after), ct))
        .Slice<Query, Page<AuditView>>(nameof(ListAudit), "Lists who changed what, newest first")
        .WithTags("Identity");
}

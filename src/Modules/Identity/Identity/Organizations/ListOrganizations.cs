using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <summary>
/// Lists the organisations of one level, newest first. Also the look-up by code and by external id: an external id is unique only under
/// its parent, so it may find several, and <c>parentId</c> says which.
/// </summary>
internal static class ListOrganizations
{
    [Needs(IdentityPermissions.OrganizationsRead)]
    public sealed record Query(
        OrganizationKind Kind, string? ExternalId, int? Code, OrganizationId? ParentId, OrganizationStatus? Status, string? Country,
        DateTimeOffset? CreatedFrom, string? Q, int? Limit, string? After) : IQuery<Page<OrganizationView>>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(x => x.Country).Country();
    }

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<OrganizationView>>
    {
        public async Task<Result<Page<OrganizationView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var rows = db.Organizations.AsNoTracking().Within(principal.Scope).Where(x => x.Kind == query.Kind);
            if (query.ExternalId is { } externalId)
                rows = rows.Where(x => x.ExternalId == externalId);
            if (query.Code is { } code)
                rows = rows.Where(x => x.Code == code);
            if (query.ParentId is { } parent)
                rows = rows.Where(x => x.ParentId == parent);
            if (query.Status is { } status)
                rows = rows.Where(x => x.Status == status);
            if (query.Country is { } country)
                rows = rows.Where(x => x.Country == country);
            if (query.CreatedFrom is { } from)
                rows = rows.Where(x => x.CreatedAt >= from.ToUniversalTime());
            if (query.Q is { Length: > 0 } q)
            {
                // As the indexes are made: over what the database lowers.
                var beginning = Beginning(q.ToLowerInvariant());
                rows = rows.Where(x =>
                    EF.Functions.Like(x.DisplayName.ToLower(), beginning, "\\") || EF.Functions.Like(x.ExternalId.ToLower(), beginning, "\\"));
            }

            return await rows.ToPageAsync(start, x => x.Id, OrganizationView.Shape, x => x.Id.Value, cancellationToken);
        }
    }

    internal static string Beginning(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal) + "%";

    public static void Map(RouteGroupBuilder organizations, OrganizationKind kind, string plural) => organizations
        .MapGet("/", (
                string? externalId, int? code, Guid? parentId, OrganizationStatus? status, string? country, DateTimeOffset? createdFrom, string? q,
                int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(
                new Query(
                    kind, externalId, code, parentId is { } parent ? new OrganizationId(parent) : null, status, country, createdFrom, q,
                    limit, after),
                ct))
        .Slice<Query, Page<OrganizationView>>($"List{kind}s", $"Lists {plural}, newest first");
}

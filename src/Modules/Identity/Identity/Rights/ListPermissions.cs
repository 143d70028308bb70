using Licensing.Kernel.Http;

namespace Licensing.Identity.Rights;

/// <summary>Tells what a role or a key's scopes can be made of.</summary>
internal static class ListPermissions
{
    [AnyCaller]
    public sealed record Query : IQuery<PermissionsView>;

    public sealed record PermissionsView(IReadOnlyList<PermissionView> Items);

    /// <summary>A permission and the predefined roles that hold it.</summary>
    public sealed record PermissionView(string Code, string Summary, IReadOnlyList<string> Roles);

    internal sealed class Handler(PermissionCatalog catalog) : IQueryHandler<Query, PermissionsView>
    {
        public Task<Result<PermissionsView>> Handle(Query query, CancellationToken cancellationToken) =>
            Task.FromResult<Result<PermissionsView>>(new PermissionsView(
                [.. catalog.All.Values.OrderBy(p => p.Code, StringComparer.Ordinal).Select(p => new PermissionView(p.Code, p.Summary, p.Roles))]));
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/v1/permissions", (ISender sender, CancellationToken ct) => sender.Ok(new Query(), ct))
        .Slice<Query, PermissionsView>(nameof(ListPermissions), "Lists what roles can allow")
        .WithTags("Identity");
}

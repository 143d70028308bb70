using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Licensing.Kernel.Operations;

/// <summary>Shows how far long work has come.</summary>
public static class GetOperation
{
    [AnyCaller]
    public sealed record Query(OperationId Id) : IQuery<OperationView>;

    internal sealed class Handler(OperationLog log, Principal principal) : IQueryHandler<Query, OperationView>
    {
        public async Task<Result<OperationView>> Handle(Query query, CancellationToken cancellationToken) =>
            await log.FindAsync(query.Id, principal.Scope, cancellationToken) is { } operation
                ? operation
                : new Refusal(RefusalKind.NotFound, "operation_not_found", $"There is no operation {query.Id.Value}.");
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapOperations() => routes
            .MapGet("/api/v1/operations/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new OperationId(id)), ct))
            .Slice<Query, OperationView>(nameof(GetOperation), "Progress and result of long work")
            .WithTags("Operations");
    }
}

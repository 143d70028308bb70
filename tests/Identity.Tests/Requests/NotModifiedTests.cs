using System.Net;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Licensing.Identity.Tests.Requests;

public sealed class NotModifiedTests(NotModifiedTests.TwoViews app) : IClassFixture<NotModifiedTests.TwoViews>
{
    public sealed class TwoViews : App
    {
        protected override void Map(IEndpointRouteBuilder routes)
        {
            routes.MapGet("/lasting", () => new ViewResult<Lasting>(new Lasting(1), 200));
            routes.MapGet("/dated", () => new ViewResult<Dated>(new Dated(1), 200));
        }
    }

    public sealed record Lasting(int Version) : IVersioned;

    public sealed record Dated(int Version) : IDated;

    [Theory]
    [InlineData("/lasting", HttpStatusCode.NotModified)]
    [InlineData("/dated", HttpStatusCode.OK)]
    public async Task Only_a_view_that_no_day_changes_is_known_by_its_version(string path, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { IfNoneMatch = { new("\"1\"") } } };
        using var answer = await app.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(expected);
        answer.Headers.ETag!.Tag.ShouldBe("\"1\"");
    }
}

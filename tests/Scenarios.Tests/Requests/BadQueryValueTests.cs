using System.Net;
using System.Reflection;
using System.Text;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Scenarios.Tests.Requests;

/// <summary>A query value that cannot be read is refused by its parameter's name and rule, wherever there is one, in no words of the code.</summary>
public sealed class BadQueryValueTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("audit?organizationId=abc", "organizationId must be a UUID.")]
    [InlineData("audit?from=yesterday", "from must be an instant such as 2026-01-31T12:00:00Z.")]
    [InlineData("tenants?limit=many", "limit must be a whole number.")]
    [InlineData("tenants?limit=99999999999", "limit must be a whole number.")]
    [InlineData("tenants?limit=1&limit=%221%22", "limit must be a whole number.")]
    [InlineData("credit/movements?from=2026-02-30", "from must be a day such as 2026-01-31.")]
    [InlineData("audit?organizationId=", "organizationId must be a UUID.")]
    public async Task It_is_named_with_its_rule(string path, string message)
    {
        using var platform = await PlatformAsync();
        using var answer = await platform.GetAsync($"/api/v1/{path}", Ct);
        var told = await answer.JsonAsync();
        var name = message.Split(' ')[0];
        (answer.StatusCode, told.GetProperty("code").GetString(), told.GetProperty("detail").GetString())
            .ShouldBe((HttpStatusCode.BadRequest, "invalid_parameter", message));
        var error = told.GetProperty("errors").EnumerateArray().Single();
        (error.GetProperty("pointer").GetString(), error.GetProperty("message").GetString()).ShouldBe(($"?{name}", message));
    }

    [Fact]
    public async Task In_the_path_it_is_named_and_no_pointer_leads_there()
    {
        using var platform = await PlatformAsync();
        using var answer = await platform.DeleteAsync($"/api/v1/subscriptions/{Guid.Empty}/changes/tomorrow", Ct);
        var told = await answer.JsonAsync();
        (answer.StatusCode, told.GetProperty("code").GetString(), told.GetProperty("detail").GetString())
            .ShouldBe((HttpStatusCode.BadRequest, "invalid_parameter", "effectiveDate must be a day such as 2026-01-31."));
        told.TryGetProperty("errors", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task No_endpoint_answers_one_with_the_names_of_types()
    {
        using var platform = await PlatformAsync();
        var (asked, wrong, types) = (0, new List<string>(), new HashSet<Type>());
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var verb = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods[0];
            if (verb is null || endpoint.Metadata.GetMetadata<SliceMetadata>() is null
                || endpoint.Metadata.GetMetadata<MethodInfo>() is not { } method)
                continue;
            var inPath = endpoint.RoutePattern.Parameters.Select(p => p.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
            foreach (var parameter in method.GetParameters().Where(IsTyped))
            {
                var path = string.Join('/', endpoint.RoutePattern.PathSegments.Select(s => string.Concat(s.Parts.Select(part => part switch
                {
                    RoutePatternLiteralPart literal => literal.Content,
                    RoutePatternParameterPart given => given.Name == parameter.Name ? "x!" : given.ParameterPolicies.Count > 0
                        ? Guid.Empty.ToString() : "2026-01",
                    _ => "",
                }))));
                var query = inPath.Contains(parameter.Name!) ? "" : $"?{parameter.Name}=x!";
                // What else the endpoint cannot be without.
                foreach (var needed in method.GetParameters().Where(p => p != parameter && !inPath.Contains(p.Name!)))
                    query += (needed.Name, needed.ParameterType) switch
                    {
                        ("period", _) => "&period=2026-01",
                        ("from", var type) when type == typeof(DateOnly) => "&from=2026-01-01",
                        ("until", var type) when type == typeof(DateOnly) => "&until=2026-01-02",
                        _ => "",
                    };
                using var request = new HttpRequestMessage(new HttpMethod(verb), $"/{path}{query}");
                if (verb is not "GET")
                    request.Content = new StringContent(
                        "{}", Encoding.UTF8, path.EndsWith("/import", StringComparison.Ordinal) ? "text/csv" : "application/json");
                using var answer = await platform.SendAsync(request, Ct);
                var text = await answer.Content.ReadAsStringAsync(Ct);
                asked++;
                types.Add(Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType);
                // A route whose constraint does not take the value is none.
                var isRoute = query.Length == 0;
                if ((int)answer.StatusCode is < 400 or >= 500 || text.Contains("Failed", StringComparison.Ordinal)
                    || text.Contains("Nullable", StringComparison.Ordinal) || text.Contains("System.", StringComparison.Ordinal)
                    || (!isRoute && path.StartsWith("api/v1", StringComparison.Ordinal)
                        && !text.Contains($"{parameter.Name} must be ", StringComparison.Ordinal)))
                    wrong.Add($"{verb} /{path}{query}: {(int)answer.StatusCode} {text}");
            }
        }

        wrong.ShouldBeEmpty();
        // Each type whose form is told; another one needs a form of its own.
        types.ShouldBe([typeof(Guid), typeof(DateOnly), typeof(DateTimeOffset), typeof(bool), typeof(int)], ignoreOrder: true);
        asked.ShouldBeGreaterThan(150);
    }

    private static bool IsTyped(ParameterInfo parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return type.IsValueType && type != typeof(CancellationToken)
            && type.GetMethods(BindingFlags.Public | BindingFlags.Static).Any(m => m.Name == "TryParse");
    }

    private async Task<HttpClient> PlatformAsync()
    {
        var platform = await app.InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(Ct));
        return app.As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
    }
}

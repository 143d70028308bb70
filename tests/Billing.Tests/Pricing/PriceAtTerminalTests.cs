using System.Text.Json;
using Licensing.Billing.Pricing;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Tests.Pricing;

public sealed class PriceAtTerminalTests(BillingApp app) : IClassFixture<BillingApp>
{
    private const string Asked = """
        {"currency":"EUR","period":"2024-03","active":{"start":"2024-03-05","end":"2024-04-01"},"coupons":[{"amount":"1.00"}],
         "taxes":[{"category":"S","percent":"20"}],"charges":[
          {"name":"Base","model":"flat","amount":"10.00","taxCategory":"S"},
          {"name":"Calls","model":"graduated","quantity":"12","tiers":[
           {"upTo":"10","unitPrice":"10","flatFee":"2"},{"upTo":null,"unitPrice":"5","flatFee":"3"}]}]}
        """;

    private async Task<Result<OpsAnswer>> RunAsync(string? body, bool json = false)
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            if (body is not null)
                await File.WriteAllTextAsync(file, body, TestContext.Current.CancellationToken);
            await using var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
            var given = new Dictionary<string, IReadOnlyList<string>> { ["file"] = [file] };
            if (json)
                given["--json"] = [];
            return await PriceAtTerminal.Ops.RunAsync(new OpsCall(scope.ServiceProvider, given), TestContext.Current.CancellationToken);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string[] Errors(Result<OpsAnswer> answer) => [.. answer.Refusal.ShouldNotBeNull().Fields.Select(field => field.Message)];

    [Fact]
    public async Task The_table_has_the_lines_with_their_steps_and_the_totals()
    {
        (await RunAsync(Asked)).Refused(out _, out var answer).ShouldBeFalse();
        var rows = answer!.Value.ShouldBeOfType<List<PriceAtTerminal.Row>>();
        static string Text(PriceAtTerminal.Row row) =>
            string.Join('|', row.Line, row.Quantity, row.From, row.To, row.UnitPrice, row.FlatFee, row.Amount, row.Net, row.Tax);
        rows.Select(Text).ShouldBe(
        [
            "Base|1||||||8.64|1.73",
            "|1|0|*|10|0|8.7096774193548387096774193548||",
            "Calls|12||||||114.07|0.00",
            "|10|0|10|10|2|102||",
            "|2|10|*|5|3|13||",
            "Minimum commitment||||||0.00||",
            "Coupons||||||-1.00||",
            "Total 124.44 EUR|||||||122.71|1.73",
        ]);
    }

    [Fact]
    public async Task As_JSON_it_is_what_the_route_answers()
    {
        (await RunAsync(Asked, json: true)).Refused(out _, out var answer).ShouldBeFalse();
        using var user = (await app.BranchAsync()).As(Roles.TenantUser);
        using var routed = await user.PostAsync(
            "/api/v1/pricing/calculate", new StringContent(Asked, System.Text.Encoding.UTF8, "application/json"),
            TestContext.Current.CancellationToken);
        JsonSerializer.Serialize(answer!.Value, ApiJson.Options)
            .ShouldBe(await routed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_wrong_is_named()
    {
        Errors(await RunAsync(Asked.Replace("\"10.00\"", "null"))).ShouldBe(["/charges/0/amount: amount is required for this model."]);
        (await RunAsync(Asked.Replace("\"EUR\"", "\"EURO\""))).Refusal!.Message.ShouldContain("cannot be read at $.currency");
        (await RunAsync(Asked.Replace("\"model\"", "\"kind\""))).Refusal!.Message.ShouldContain("$.charges[0].kind");
        (await RunAsync("null")).Refusal!.Message.ShouldContain("must hold an object");
        var missing = (await RunAsync(null)).Refusal.ShouldNotBeNull();
        (missing.Kind, missing.Message.Contains("cannot be opened", StringComparison.Ordinal)).ShouldBe((RefusalKind.Malformed, true));
    }
}

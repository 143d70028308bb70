using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Licensing.Scenarios.Tests.Licenses;

/// <summary>Two processes sell from one prepaid credit, and one of them is killed while it does.</summary>
public sealed class KilledAssignmentTests(ITestOutputHelper output)
{
    private const int Asked = 200;
    private const int Paid = 50;

    private static readonly string[] TooBusy = ["409", "429", "503"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // The seed of a run that failed is given here again.
    private static int Seed =>
        int.TryParse(Environment.GetEnvironmentVariable("LICENSING_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : Random.Shared.Next();

    [Fact]
    public async Task Fifty_licences_are_sold_once_each_whenever_a_host_dies()
    {
        var seed = Seed;
        // How many are answered before it dies: while the first are on their way, somewhere among those that are sold, or after.
        var after = new Random(seed).Next(0, Paid + 20);
        output.WriteLine($"Seed {seed}: killed after {after} answers.");
        var folder = Directory.CreateTempSubdirectory("licensing-killed-").FullName;
        var database = await TestPostgres.CreateEmptyAsync(Ct);
        var environment = new Dictionary<string, string>
        {
            ["LICENSING_POSTGRES"] = database,
            ["Security__MasterKey"] = App.MasterKey,
            ["Platform__AdministratorPassword"] = App.AdministratorPassword,
            ["Limits__Burst"] = "100000",
            ["Limits__AnonymousBurst"] = "100000",
        };
        try
        {
            using var doomed = HostProcess.Serve(folder, environment);
            var first = await AddressAsync(doomed);
            using var surviving = HostProcess.Serve(folder, environment);
            var second = await AddressAsync(surviving);
            var shop = await Shop.OpenAsync(first, database);

            var (answers, interrupted) = await SellAsync(shop, [first, second], after, doomed);

            interrupted.ShouldBeGreaterThan(0, $"seed {seed}: nothing was on its way when it died");
            answers.Count(a => a.Status == HttpStatusCode.OK).ShouldBe(Paid, $"seed {seed}");
            answers.Count(a => a.Status == HttpStatusCode.PaymentRequired).ShouldBe(Asked - Paid, $"seed {seed}");
            await ShouldAddUpAsync(database, [.. answers.Select(a => a.License).OfType<Guid>()], $"seed {seed}");
            using (var verifying = HostProcess.Ops(environment, "ledger", "verify"))
                (await verifying.EndAsync(Ct)).ShouldBe(0, $"seed {seed}: {verifying.Output}");
            await surviving.KillAsync(Ct);
        }
        finally
        {
            await TestPostgres.DropAsync(database);
            Directory.Delete(folder, recursive: true);
        }
    }

    // Every client sends its request under one key until it has an answer, to the other host when the one is gone.
    private static async Task<(IReadOnlyList<(HttpStatusCode Status, Guid? License)> Answers, int Interrupted)> SellAsync(
        Shop shop, Uri[] hosts, int after, HostProcess doomed)
    {
        var (answered, interrupted) = (0, 0);
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("X-API-KEY", shop.Key);
        if (after == 0)
            enough.SetResult();

        async Task<(HttpStatusCode, Guid?)> BuyAsync(int i)
        {
            await gate.Task;
            var (status, license) = (HttpStatusCode.Processing, (Guid?)null);
            var host = i;
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(hosts[host % 2], "/customerarea/licenses/bulk"))
                    {
                        Content = JsonContent.Create(
                            new
                            {
                                customer_code = shop.Customers[i % shop.Customers.Count],
                                license_code = "M1",
                                license_info = $"Office {i}",
                                accept_notifications = false
                            }),
                    };
                    request.Headers.Add("Idempotency-Key", $"office-{i}");
                    using var answer = await client.SendAsync(request, Ct);
                    var body = await answer.JsonAsync();
                    if (TooBusy.Contains($"{(int)answer.StatusCode}"))
                        return false;
                    (status, license) = (answer.StatusCode,
                        answer.IsSuccessStatusCode ? body.GetProperty("content").GetProperty("license_id").GetGuid() : null);
                    if (Interlocked.Increment(ref answered) == after)
                        enough.TrySetResult();
                    return true;
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref interrupted);
                    host++;
                    return false;
                }
            });
            return (status, license);
        }

        var buying = Enumerable.Range(0, Asked).Select(BuyAsync).ToList();
        gate.SetResult();
        await enough.Task.WaitAsync(Ct);
        await doomed.KillAsync(Ct);
        return (await Task.WhenAll(buying), interrupted);
    }

    private static async Task ShouldAddUpAsync(string database, IReadOnlyList<Guid> told, string seed)
    {
        // What was told is what is there, each with one movement, and there is no movement of anything else.
        var sold = await AskAsync<Guid[]>(database, "select coalesce(array_agg(id), '{}') from provisioning.licenses");
        sold.Order().ShouldBe(told.Order(), customMessage: seed);
        told.Distinct().Count().ShouldBe(Paid, customMessage: seed);
        ((IEnumerable<string>)await AskAsync<string[]>(
            database, "select coalesce(array_agg(key order by key collate \"C\"), '{}') from billing.ledger_transactions where kind = 'Spending'"))
            .ShouldBe(sold.Select(id => $"license:{id}").Order(StringComparer.Ordinal), customMessage: seed);
        (await BalancesAsync(database, "Prepaid")).ShouldBe("EUR 0, points 0", customMessage: seed);
        (await BalancesAsync(database, "Spent")).ShouldBe($"EUR {Paid}, points 5", customMessage: seed);
        (await AskAsync<long>(database, "select count(*) from kernel.idempotency_records where key like 'office-%' and status = 200"))
            .ShouldBe(Paid, customMessage: seed);
    }

    private static async Task<Uri> AddressAsync(HostProcess host) =>
        new((await host.LineAsync("listens on", Ct)).Split("listens on ")[1].Split(';')[0]);

    private static Task<string> BalancesAsync(string database, string kind) => AskAsync<string>(
        database,
        $"""
        select string_agg(unit || ' ' || trim_scale(balance)::text, ', ' order by unit)
        from billing.ledger_balances b join billing.ledger_accounts a on a.id = b.account_id where a.kind = '{kind}'
        """);

    private static async Task<T> AskAsync<T>(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }

    /// <summary>A partner with ten customers, credit for fifty licences, and a key.</summary>
    private sealed record Shop(string Key, IReadOnlyList<int> Customers)
    {
        public static async Task<Shop> OpenAsync(Uri address, string database)
        {
            await AskAsync<object>(database, "update identity.users set must_change_password = false returning 1");
            using var client = new HttpClient { BaseAddress = address };
            var login = await PostAsync(client, "auth/login", new { email = App.AdministratorEmail, password = App.AdministratorPassword });
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", login.GetProperty("accessToken").GetString());
            var distributor = await PostAsync(client, "distributors", new { externalId = "D", displayName = "D", country = "DE", currency = "EUR" });
            var partner = await PostAsync(
                client, "partners", new { distributorId = distributor.GetProperty("id"), externalId = "P", displayName = "P" });
            var customers = new List<int>();
            for (var i = 0; i < 10; i++)
                customers.Add((await PostAsync(client, "tenants",
                    new { partnerId = partner.GetProperty("id"), externalId = $"T{i}", displayName = $"T{i}" })).GetProperty("code").GetInt32());
            await PostAsync(client, "license-editions", new
            {
                code = "M1",
                durationMonths = 1,
                quantity = "5 users",
                points = "0.1",
                prices = new[] { new { amount = "1.00", currency = "EUR" } },
                names = new { EN = "Licence" },
            });
            await PostAsync(client, "credit/top-ups",
                new
                {
                    organizationId = partner.GetProperty("id"),
                    reference = "payment",
                    amount = new { amount = "50.00", currency = "EUR" },
                    points = "5"
                });
            var key = await PostAsync(
                client, "api-keys", new { name = "shop", organizationId = partner.GetProperty("id"), role = "PartnerAdministrator" });
            return new Shop(key.GetProperty("key").GetString()!, customers);
        }

        private static async Task<JsonElement> PostAsync(HttpClient client, string path, object body)
        {
            using var answer = await client.PostAsJsonAsync($"/api/v1/{path}", body, Ct);
            answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await answer.Content.ReadAsStringAsync(Ct)}");
            return await answer.JsonAsync();
        }
    }
}

using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Provisioning.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Provisioning.Tests;

/// <summary>The host with someone who hears everything that the module tells.</summary>
public class SellingApp : App
{
    private readonly ConcurrentQueue<(string Name, string Body)> _heard = [];
    private static int _last;

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>In the billing calendar, which is UTC here.</summary>
    public DateOnly Today => DateOnly.FromDateTime(Clock.GetUtcNow().UtcDateTime);

    /// <summary>Sends so many requests of one caller, whose client ends with it: half of them by another process, all behind one gate.</summary>
    public async Task<HttpResponseMessage[]> AtOnceAsync(HttpClient caller, int count, Func<HttpClient, int, Task<HttpResponseMessage>> send)
    {
        using var here = caller;
        await using var second = await StartSecondHostAsync();
        using var there = second.Anonymous();
        foreach (var (name, values) in here.DefaultRequestHeaders)
            there.DefaultRequestHeaders.Add(name, values);
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = Enumerable.Range(0, count).Select(async i =>
        {
            await gate.Task;
            return await send(i % 2 == 0 ? here : there, i);
        }).ToList();
        gate.SetResult();
        return await Task.WhenAll(sending);
    }

    protected override void Configure(WebApplicationBuilder builder)
    {
        foreach (var type in typeof(SubscriptionActivated).Assembly.GetTypes().Where(t => t.IsDefined(typeof(MessageAttribute), false)))
        {
            var name = MessageAttribute.NameOf(type);
            builder.Services.AddSingleton(new Subscriber(name, $"provisioning.test_{type.Name}", "provisioning", (_, body, _) =>
            {
                _heard.Enqueue((name, body));
                return Task.CompletedTask;
            }));
        }
    }

    /// <summary>What was told of one subscription, oldest first.</summary>
    public async Task<List<string>> HeardAsync(Guid subscription)
    {
        await DrainAsync();
        return [.. _heard.Where(m => m.Body.Contains(subscription.ToString())).Select(m => m.Name)];
    }

    /// <summary>What was told since the last time this was asked, oldest first.</summary>
    public List<(string Name, string Body)> Heard()
    {
        var heard = new List<(string, string)>();
        while (_heard.TryDequeue(out var message))
            heard.Add(message);
        return heard;
    }

    /// <summary>A published plan of a product.</summary>
    public async Task<Guid> PlanAsync(Branch branch, string product = "ccaas", bool publish = true, string currency = "EUR", object? terms = null,
        int trialDays = 0, string amount = "10.00")
    {
        using var client = branch.Administrator();
        using var drafted = await client.PostAsJsonAsync("/api/v1/plans", new
        {
            key = $"plan-{Interlocked.Increment(ref _last)}",
            name = "Plan",
            product,
            currency,
            usesPriceLists = true,
            charges = new[] { new { key = "base", name = "Base", price = new { model = "flat", amount } } },
            terms,
            trialDays,
        }, Ct);
        var id = (await drafted.JsonAsync()).GetProperty("id").GetGuid();
        if (publish)
            (await client.PostAsync($"/api/v1/plans/{id}/publish", null, Ct)).EnsureSuccessStatusCode();
        return id;
    }

    public static object Asked(Branch branch, Guid plan, int seats = 10, string? start = null, string? end = null, string? reference = null,
        OrganizationRef? tenant = null, bool? autoRenew = null) => new
        {
            tenantId = (tenant ?? branch.Tenant).Id.Value,
            planId = plan,
            quantities = new { essentialSeats = seats },
            startDate = start,
            endDate = end,
            reference,
            autoRenew,
        };

    public static Task<HttpResponseMessage> SubscribeAsync(HttpClient client, object asked) =>
        client.PostAsJsonAsync("/api/v1/subscriptions", asked, Ct);

    /// <summary>A subscription made by the platform's administrator.</summary>
    public static async Task<JsonElement> SubscribedAsync(Branch branch, object asked)
    {
        using var client = branch.Administrator();
        using var answer = await SubscribeAsync(client, asked);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        return await answer.JsonAsync();
    }
}

using System.Net.Http.Json;

namespace Licensing.Faults;

/// <summary>Prepaid credit through the API, for what is done to it.</summary>
internal static class PrepaidCredit
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    extension(Branch branch)
    {
        public async Task TopUpAsync(string reference, string amount, DateTimeOffset? expiresAt = null)
        {
            using var administrator = branch.Administrator();
            using var added = await administrator.PostAsJsonAsync("/api/v1/credit/top-ups", new
            {
                organizationId = branch.Partner.Id.Value,
                reference,
                amount = new { amount, currency = "EUR" },
                expiresAt,
            }, Ct);
            added.IsSuccessStatusCode.ShouldBeTrue(await added.Content.ReadAsStringAsync(Ct));
        }

        public Task<HttpResponseMessage> DebitAsync(HttpClient client, string reference, string amount, string? idempotencyKey = null)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/credit/debits")
            {
                Content = JsonContent.Create(new
                {
                    organizationId = branch.Partner.Id.Value,
                    reference,
                    amount = new { amount, currency = "EUR" },
                }),
            };
            if (idempotencyKey is not null)
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            return client.SendAsync(request, Ct);
        }

        public async Task<string?> AvailableAsync()
        {
            using var administrator = branch.Administrator();
            using var answer = await administrator.GetAsync($"/api/v1/credit?unit=EUR&organizationId={branch.Partner.Id.Value}", Ct);
            return (await answer.JsonAsync()).GetProperty("items")[0].GetProperty("balance").GetString();
        }
    }

    /// <summary>The same caller at another host.</summary>
    public static HttpClient At(this HttpClient caller, SecondHost host)
    {
        var there = host.Anonymous();
        foreach (var (name, values) in caller.DefaultRequestHeaders)
            there.DefaultRequestHeaders.Add(name, values);
        return there;
    }

    /// <summary>Sends all of them from behind one gate.</summary>
    public static async Task<HttpResponseMessage[]> AtOnceAsync(int count, Func<int, Task<HttpResponseMessage>> send)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = Enumerable.Range(0, count).Select(async i =>
        {
            await gate.Task;
            return await send(i);
        }).ToList();
        gate.SetResult();
        return await Task.WhenAll(sending);
    }
}

using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Identity.Tests.Requests;

/// <summary>A caller who hangs up when all is written and only the commit is left.</summary>
public sealed class HangUpTests(HangUpTests.Impatient app) : IClassFixture<HangUpTests.Impatient>
{
    public sealed class Impatient : App
    {
        public CancellationTokenSource? Caller { get; set; }

        protected override void Configure(WebApplicationBuilder builder)
        {
            var store = builder.Services.Last(s => s.ServiceType == typeof(IAuditStore));
            builder.Services.AddHttpContextAccessor();
            builder.Services.AddSingleton<IAuditStore>(services => new HangingUp(
                (IAuditStore)ActivatorUtilities.CreateInstance(services, store.ImplementationType!),
                services.GetRequiredService<IHttpContextAccessor>(),
                this));
        }
    }

    private sealed class HangingUp(IAuditStore store, IHttpContextAccessor requests, Impatient app) : IAuditStore
    {
        public NpgsqlBatchCommand Append(params IReadOnlyList<AuditEntry> entries)
        {
            if (app.Caller is { } caller)
            {
                caller.Cancel();
                requests.HttpContext!.RequestAborted.WaitHandle.WaitOne();
            }

            return store.Append(entries);
        }
    }

    [Fact]
    public async Task What_a_caller_asked_for_who_hangs_up_is_done_all_the_same()
    {
        var branch = await app.BranchAsync();
        using var client = branch.As(Roles.PartnerAdministrator);
        using var caller = app.Caller = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/tenants")
        { Content = System.Net.Http.Json.JsonContent.Create(new { partnerId = branch.Partner.Id.Value, externalId = "gone", displayName = "Gone" }) };

        await Should.ThrowAsync<OperationCanceledException>(() => client.SendAsync(request, caller.Token));

        await Eventually.TrueAsync(
            async () => (await client.GetJsonAsync("/api/v1/tenants?externalId=gone")).GetProperty("items").GetArrayLength() == 1);
    }
}

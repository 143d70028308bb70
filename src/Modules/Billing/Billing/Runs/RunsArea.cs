using Licensing.Billing.Advance;
using Licensing.Billing.Settlement;
using Licensing.Kernel.Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Billing.Runs;

/// <summary>What this area adds to the module.</summary>
internal static class RunsArea
{
    extension(IHostApplicationBuilder host)
    {
        public void AddRuns()
        {
            var services = host.Services;
            services.AddSingleton(host.Configuration.GetSection("Billing").Get<BillingSettings>() ?? new BillingSettings());
            services.AddSingleton<RunProbe>();
            services.AddSingleton<RunMeter>();
            services.AddSingleton<PinnedRatesMemory>();
            services.AddSingleton<RunWorkers>();
            services.AddSingleton<RunBackground>();
            services.AddScoped<BillingChunks>();
            services.AddScoped<RunStarter>();
            services.AddScoped<RunChunks>();
            services.AddScoped<RatePins>();
            services.AddScoped<RunPlanner>();
            services.AddScoped<ChunkParts>();
            services.AddScoped<DraftParts>();
            services.AddScoped<RunSteps>();
            services.AddScoped<RunStages>();
            services.AddScoped<RunDeviations>();
            services.AddScoped<InvoiceWriter>();
            services.AddScoped<LateMonths>();
            services.AddScoped<BilledMonths>();
            services.AddScoped<UsesRead>();
            services.AddScoped<LatePriceBook>();
            services.AddScoped<LateUsage>();
            services.AddScoped<Advances>();
            if (host.Configuration.GetSection("Messaging").GetValue(nameof(MessagingSettings.InBackground), true))
                services.AddHostedService(provider => provider.GetRequiredService<RunBackground>());
        }
    }

    public static void Map(IEndpointRouteBuilder billing)
    {
        StartBillingRuns.Map(billing);
        StartBillingRun.Map(billing);
        PreviewBillingRun.Map(billing);
        ListBillingRuns.Map(billing);
        GetBillingRun.Map(billing);
        ListParkedTenants.Map(billing);
        ConfirmBillingRun.Map(billing);
    }
}

using Licensing.Kernel.Persistence;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Licensing.Usage.Records;
using Licensing.Usage.Rollups;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Usage;

/// <summary>Everything the host may know about this module.</summary>
public static class UsageModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddUsage()
        {
            host.AddModule<UsageDb>("usage", UsagePermissions.All).On<DaysDirty, RollUpWhenDaysDirty>();
            host.Services.AddSingleton(host.Configuration.GetSection("Usage").Get<UsageSettings>() ?? new UsageSettings());
            host.Services.AddSingleton<RecordPartitions>();
            host.Services.AddSingleton<IPreparation>(services => services.GetRequiredService<RecordPartitions>());
            host.Services.AddSingleton<IChore>(services => services.GetRequiredService<RecordPartitions>());
            host.Services.AddSingleton<TargetMemory>();
            host.Services.AddSingleton<BatchReading>();
            host.Services.AddSingleton<Rooms>();
            host.Services.AddSingleton<IngestMeter>();
            host.Services.AddSingleton<RecordStore>();
            host.Services.AddSingleton<RecordWriter>();
            host.Services.AddSingleton<IngestQueue>();
            host.Services.AddSingleton<IngestDoor>();
            host.Services.AddScoped<DailyRollups>();
            host.Services.AddScoped<RollupVerification>();
            host.Services.AddScoped<IUsageTotals, UsageTotals>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapUsage()
        {
            var usage = routes.MapGroup("/api/v1/usage").WithTags("Usage");
            IngestUsage.Map(usage);
            ListRecords.Map(usage);
            SummarizeUsage.Map(usage);
        }
    }
}

using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Corrections;
using Licensing.Usage.Data;
using Licensing.Usage.Focus;
using Licensing.Usage.Records;
using Licensing.Usage.Rollups;
using Licensing.Usage.Thresholds;
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
            host.AddModule<UsageDb>("usage", UsagePermissions.All)
                .On<TenantTransferred, MoveThresholdsWhenTransferred>()
                .On<SubscriptionQuotaChanged, CompareWhenQuotaChanged>()
                .On<SubscriptionPlanChanged, CompareWhenPlanChanged>()
                .Ops(ImportFocus.Ops)
                .Ops(VerifyUsage.Ops)
                .OnConstraint("corrections_record", CorrectionRefusals.Corrected);
            host.Services.AddSingleton((host.Configuration.GetSection("Usage").Get<UsageSettings>() ?? new UsageSettings()).Checked());
            host.Services.AddSingleton<RecordPartitions>();
            host.Services.AddSingleton<IPreparation>(services => services.GetRequiredService<RecordPartitions>());
            host.Services.AddSingleton<IChore>(services => services.GetRequiredService<RecordPartitions>());
            host.Services.AddSingleton<IPreparation, DaysWithoutDimensions>();
            host.Services.AddSingleton<TargetMemory>();
            host.Services.AddSingleton<StoredRecordLookup>();
            host.Services.AddSingleton<BatchReading>();
            host.Services.AddSingleton<Rooms>();
            host.Services.AddSingleton<SenderTurns>();
            host.Services.AddSingleton<UsageMeter>();
            host.Services.AddSingleton<RecordStore>();
            host.Services.AddSingleton<RecordWriter>();
            host.Services.AddSingleton<IngestQueue>();
            host.Services.AddSingleton<IngestDoor>();
            host.Services.AddScoped<ReachedTenants>();
            host.Services.AddScoped<RecordDays>();
            host.Services.AddScoped<ListedRecords>();
            host.Services.AddScoped<RecordsOfId>();
            host.Services.AddScoped<CorrectableRecords>();
            host.Services.AddScoped<Replacements>();
            host.Services.AddScoped<UnseenMonths>();
            host.Services.AddScoped<MonthUsage>();
            host.Services.AddScoped<ThresholdNotices>();
            host.Services.AddScoped<Firing>();
            host.Services.AddSingleton<UnmergedTenants>();
            host.Services.AddSingleton<UnreadableTenants>();
            host.Services.AddScoped<RollingUp>();
            host.Services.AddSingleton<SealedHours>();
            host.Services.AddHostedService(services => services.GetRequiredService<SealedHours>());
            host.Services.AddScoped<GroupViews>();
            host.Services.AddScoped<RollupVerification>();
            host.Services.AddScoped<IUsageTotals, UsageTotals>();
            host.Services.AddScoped<IUsageChanges, UsageTotals>();
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
            var thresholds = usage.MapGroup("/thresholds");
            CreateThreshold.Map(thresholds);
            ListThresholds.Map(thresholds);
            GetThreshold.Map(thresholds);
            ChangeThreshold.Map(thresholds);
            DeleteThreshold.Map(thresholds);
            ListThresholdAlerts.Map(thresholds);
            var corrections = usage.MapGroup("/corrections");
            CorrectRecord.Map(corrections);
            ListCorrections.Map(corrections);
            GetCorrection.Map(corrections);
        }
    }
}

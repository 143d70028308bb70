using System.Globalization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Mail;
using Licensing.Usage.Data;
using Microsoft.Extensions.Configuration;

namespace Licensing.Usage.Thresholds;

/// <summary>Tells a tenant by mail, in the transaction that makes it true. Who has no address is told nothing; who was told much, later.</summary>
internal sealed class ThresholdNotices(UsageDb db, ICustomerAccounts customers, Post post, IConfiguration configuration)
{
    public async Task ReachedAsync(Threshold threshold, ThresholdAlert alert, CancellationToken ct)
    {
        if (await customers.TakeNoticeTurnAsync(threshold.TenantId, ct) is not { } turn)
            return;
        var month = alert.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture);
        var level = DecimalStrings.Of(alert.Level);
        var of = alert.Quota is { } quota ? $"{level} % of the quota of {DecimalStrings.Of(quota)}" : level;
        var whose = alert.Subscription is { } subscription ? $"subscription {subscription.Value}" : "all subscriptions together";
        post.Send(db, new Letter(turn.Address, $"{configuration["Platform:Name"] ?? "Platform"}: usage of {threshold.Meter} in {month}", $"""
            Hello,

            usage of {threshold.Meter} in {month} by {whose} has reached {of}: it is {alert.Quantity} now.
            """), turn.At);
    }
}

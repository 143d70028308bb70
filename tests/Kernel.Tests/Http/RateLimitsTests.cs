using System.Net;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Licensing.Kernel.Tests.Http;

public sealed class RateLimitsTests
{
    [Fact]
    public void An_address_that_has_spent_all_is_refused_also_to_one_who_looked_at_the_clock_before()
    {
        var clock = new Clock();
        var limits = new RateLimits(Options.Create(new LimitSettings { AnonymousPerSecond = 1, AnonymousBurst = 2 }), clock);
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse("203.0.113.1") } };
        clock.Now = 10 * clock.TimestampFrequency;
        limits.RefusalOfAddress(context).ShouldBeNull();
        for (var i = 0; i < 2; i++)
            limits.SpendFailure(context).ShouldBeNull();

        limits.RefusalOfAddress(context)!.Code.ShouldBe("rate_limited");
        clock.Now -= 2 * clock.TimestampFrequency;
        limits.RefusalOfAddress(context)!.Code.ShouldBe("rate_limited");
    }

    private sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long GetTimestamp() => Now;
    }
}

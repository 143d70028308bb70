using System.Diagnostics;
using Licensing.Kernel.Persistence;
using Licensing.Kernel.Tests.Bells;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel.Tests.Messaging;

public sealed class PublishingTests : TowerTests
{
    [Fact]
    public async Task A_message_commits_with_the_rows_that_made_it_true()
    {
        var tower = Open();
        await PublishWithRowAsync(tower, commit: true);
        (await tower.ScalarAsync<long>("select count(*) from bells.bells")).ShouldBe(1);
        (await tower.OutboxDepthAsync()).ShouldBe(2);
        (await tower.DeliverAsync()).ShouldBe(2);
        (await tower.CountAsync("tenor")).ShouldBe(1);
        (await tower.StrikesAsync("tenor")).ShouldBe(1);
        (await tower.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_message_of_a_rolled_back_transaction_does_not_exist()
    {
        var tower = Open();
        await PublishWithRowAsync(tower, commit: false);
        (await tower.ScalarAsync<long>("select count(*) from bells.bells")).ShouldBe(0);
        (await tower.OutboxDepthAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_scheduled_message_is_not_delivered_before_its_time()
    {
        var tower = Open();
        await using (var scope = tower.Services.CreateAsyncScope())
        {
            var session = scope.ServiceProvider.GetRequiredService<DbSession>();
            await session.BeginAsync(CancellationToken.None);
            scope.ServiceProvider.GetRequiredService<BellsDb>().Publish(
                new Rang("tenor"), Tower.Start.AddHours(1).ToOffset(TimeSpan.FromHours(2)));
            await session.SaveAsync(CancellationToken.None);
            await session.CommitAsync(CancellationToken.None);
        }

        Clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1));
        (await tower.DeliverAsync()).ShouldBe(0);
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await tower.DeliverAsync()).ShouldBe(2);
        (await tower.CountAsync("tenor")).ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_goes_on_with_the_trace_of_the_publisher()
    {
        var tower = Open();
        ActivityTraceId? heard = null;
        tower.Interference.On = (_, _, _) => Task.FromResult(heard = Activity.Current?.TraceId);
        using (var publishing = new Activity("publishing").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            await tower.RingAsync("tenor");
            publishing.Stop();
            await tower.DeliverAsync();
            heard.ShouldBe(publishing.TraceId);
        }
    }

    [Fact]
    public async Task What_a_handler_changed_is_audited_under_its_name_and_by_the_system()
    {
        var audit = new RecordedAudit();
        var tower = Open(more: services => services.AddScoped<IAuditStore>(_ => audit));
        await tower.RingAsync("tenor", "treble");
        await tower.DeliverAsync();
        audit.Entries.Select(e => (e.Action, e.By.Kind, e.Changes.Single().Type)).ShouldBe(
            [("tally.strike_when_rang", PrincipalKind.System, "strike"), ("tally.strike_when_rang", PrincipalKind.System, "strike")]);
    }

    private static async Task PublishWithRowAsync(Tower tower, bool commit)
    {
        await using var scope = tower.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        var db = scope.ServiceProvider.GetRequiredService<BellsDb>();
        await session.BeginAsync(CancellationToken.None);
        db.Bells.Add(new Bell { Id = Id.NewGuid(Tower.Start), Name = "tenor" });
        db.Publish(new Rang("tenor"));
        await session.SaveAsync(CancellationToken.None);
        if (commit)
            await session.CommitAsync(CancellationToken.None);
        else
            await session.RollbackAsync();
    }

    private sealed class RecordedAudit : IAuditStore
    {
        public List<AuditEntry> Entries { get; } = [];

        public NpgsqlBatchCommand Append(params IReadOnlyList<AuditEntry> entries)
        {
            Entries.AddRange(entries);
            return new NpgsqlBatchCommand("select 1");
        }
    }
}

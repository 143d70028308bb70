using Licensing.Host.Database;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Data;

/// <summary>Subscriptions whose end was agreed before ends were told.</summary>
public sealed class ExpectedEndsTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task Ends_that_were_agreed_before_ends_were_told_are_told_once_too()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        // The migration looks at the day on the wall, which is later than the host's.
        var end = app.Today.AddYears(9);
        var old = (await SubscribedAsync(branch, Asked(branch, plan, end: $"{end:yyyy-MM-dd}"))).IdOf();
        var present = (await SubscribedAsync(branch, Asked(branch, plan, end: $"{end:yyyy-MM-dd}"))).IdOf();
        await SubscribedAsync(branch, Asked(branch, plan));
        var expected = "select body ->> 'id' || subscriber || (body ->> 'on') from provisioning.outbox "
            + "where name = 'provisioning.subscription-term-due.v1' order by 1";
        var before = await app.RowsAsync(expected);
        before.Count.ShouldBe(2);
        await app.RowsAsync(
            $"delete from provisioning.outbox where name = 'provisioning.subscription-term-due.v1' and body ->> 'id' = '{old}' returning name");

        await MigrateAsync();
        await MigrateAsync();

        (await app.RowsAsync(expected)).ShouldBe(before);
        app.Clock.Set(new DateTimeOffset(end, new TimeOnly(13, 0), TimeSpan.Zero));
        foreach (var id in (Guid[])[old, present])
            (await app.HeardAsync(id)).Count(name => name == "provisioning.subscription-expired.v1").ShouldBe(1);
    }

    private Task<int> MigrateAsync() => app.InAsync<SchemaOwner, int>(async owner =>
    {
        await using var command = owner.Database.CreateCommand(TermsMigrationTests.Script("0007"));
        return await command.ExecuteNonQueryAsync(Ct);
    });
}

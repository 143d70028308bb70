using Licensing.Host.Database;

namespace Licensing.Kernel.Tests.Database;

public sealed class MigratorTests : TowerTests
{
    [Fact]
    public async Task A_migrated_database_is_left_alone()
    {
        var tower = Open();
        (await tower.Migrator.ApplyAsync(CancellationToken.None)).ShouldBeEmpty();
        (await StatusAsync(tower)).First().ShouldBe("kernel/0001_kernel Applied");
        (await StatusAsync(tower)).Where(s => !s.StartsWith("kernel/", StringComparison.Ordinal)).ShouldBe(
        [
            "bells/0000_messaging Applied", "bells/0001_bells Applied", "bells/0002_bells_by_name Applied",
            "bells/0003_bells_weight Applied", "tally/0000_messaging Applied", "tally/0001_counters Applied",
        ]);
    }

    [Fact]
    public async Task A_file_that_changed_after_it_ran_is_refused()
    {
        var tower = Open();
        await tower.ScalarAsync<int>("update kernel.migrations set checksum = 'another', applied_at = '2026-02-03 04:05Z' where name = '0001_bells'");
        (await RefusalAsync(tower)).ShouldBe(
            "bells/0001_bells has changed since it was applied at 2026-02-03 04:05:00Z; put its text back and add a new file.");
        (await StatusAsync(tower)).ShouldContain("bells/0001_bells Changed");
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused()
    {
        var tower = Open();
        await tower.ScalarAsync<int>("insert into kernel.migrations values ('bells', '0009_carillon', 'x', now())");
        (await RefusalAsync(tower)).ShouldBe(
            "The database has bells/0009_carillon, which this version does not know: a newer version has migrated it.");
        (await StatusAsync(tower)).ShouldContain("bells/0009_carillon Unknown");
    }

    [Fact]
    public async Task A_file_numbered_below_an_applied_one_is_refused()
    {
        var tower = Open();
        await tower.ScalarAsync<int>("delete from kernel.migrations where name = '0002_bells_by_name'");
        (await RefusalAsync(tower)).ShouldBe("bells/0002_bells_by_name comes before files that are already applied; give it the next number.");
    }

    [Fact]
    public async Task A_failure_names_its_statement_and_leaves_nothing_of_its_file()
    {
        var tower = Open();
        await tower.ScalarAsync<int>("delete from kernel.migrations where name = '0003_bells_weight'");
        await tower.ScalarAsync<int>("alter table bells.bells drop column weight; drop function bells.loudness(text)");
        (await RefusalAsync(tower)).ShouldBe("bells/0003_bells_weight, statement 2 (line 2): function bells.loudness(text) does not exist");
        (await StatusAsync(tower)).ShouldContain("bells/0003_bells_weight Pending");
        (await tower.ScalarAsync<long>("select count(*) from information_schema.columns where column_name = 'weight'")).ShouldBe(0);
    }

    [Fact]
    public async Task An_index_left_invalid_by_a_kill_is_built_again()
    {
        var tower = Open();
        await tower.ScalarAsync<int>(
            "delete from kernel.migrations where module = 'bells' and name >= '0002'; alter table bells.bells drop column weight");
        await tower.ScalarAsync<int>("update pg_index set indisvalid = false where indexrelid = 'bells.bells_by_note'::regclass");
        await tower.ScalarAsync<int>("insert into kernel.migration_progress values ('bells', '0002_bells_by_name', $1, 1)",
            Migration.Of(Tower.Modules).Single(m => m.Name == "0002_bells_by_name").Checksum);
        (await tower.Migrator.ApplyAsync(CancellationToken.None)).Count.ShouldBe(2);
        (await tower.ScalarAsync<bool>("select indisvalid from pg_index where indexrelid = 'bells.bells_by_note'::regclass")).ShouldBeTrue();
        (await tower.ScalarAsync<long>("select count(*) from kernel.migration_progress")).ShouldBe(0);
    }

    [Theory]
    [InlineData("a\nb", true)]
    [InlineData("a\r\nb", true)]
    [InlineData("a\rb", true)]
    [InlineData("a b", false)]
    [InlineData("a\nb\n", false)]
    public void Line_ends_are_no_change_and_all_else_is(string text, bool same) =>
        (Migration.From("bells", "0001_bells", text).Checksum == "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78")
            .ShouldBe(same);

    private static async Task<string> RefusalAsync(Tower tower) =>
        (await Should.ThrowAsync<InvalidOperationException>(() => tower.Migrator.ApplyAsync(CancellationToken.None))).Message;

    private static async Task<IEnumerable<string>> StatusAsync(Tower tower) =>
        (await tower.Migrator.StatusAsync(CancellationToken.None)).Select(s => $"{s.Module}/{s.Name} {s.State}");
}

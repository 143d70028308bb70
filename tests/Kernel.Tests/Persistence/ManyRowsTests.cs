using Licensing.Kernel.Persistence;
using Licensing.Kernel.Tests.Bells;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Kernel.Tests.Persistence;

/// <summary>That rows which are written in numbers are what they would have been one by one.</summary>
public sealed class ManyRowsTests : TowerTests
{
    private static readonly DateTimeOffset At = new(2026, 2, 28, 23, 59, 59, TimeSpan.Zero);

    [Fact]
    public async Task New_rows_are_written_by_one_statement_and_read_as_they_were()
    {
        var tower = await ChimesAsync();
        var written = Chimes(9);

        await InTransactionAsync(tower, db => db.AddRange(written));

        (await tower.ScalarAsync<long>("select count(distinct cmin::text) from bells.chimes")).ShouldBe(1);
        (await ReadAsync(tower)).Select(Shown).ShouldBe(written.Select(Shown));
    }

    [Fact]
    public async Task What_each_row_changed_is_written_and_nothing_else()
    {
        var tower = await ChimesAsync();
        var expected = Chimes(9);
        await InTransactionAsync(tower, db => db.AddRange(Chimes(9)));
        Action<Chime>[] changes =
        [
            c => c.Name = "other", c => c.Weight = null, c => c.Notes = ["c", "d"], c => c.Pitch = Pitch.Low, c => c.On = null, c => c.Cast = null,
            c => c.RangAt = null,
        ];
        await ChangeAsync(expected);

        await InTransactionAsync(tower, async db => await ChangeAsync(await db.Set<Chime>().OrderBy(c => c.Id).ToListAsync()));

        var read = await ReadAsync(tower);
        read.Select(Shown).ShouldBe(expected.Select(Shown));
        read.Select(c => c.Version).ShouldBe([2, 2, 2, 2, 2, 2, 2, 1, 1]);
        (await tower.ScalarAsync<long>("select count(distinct (xmin::text, cmin::text)) from bells.chimes where version = 2")).ShouldBe(1);

        Task ChangeAsync(List<Chime> chimes)
        {
            foreach (var (chime, change) in chimes.Zip(changes))
                change(chime);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task What_is_written_is_not_written_again_and_can_be_changed_further()
    {
        var tower = await ChimesAsync();
        await InTransactionAsync(tower, async (db, session) =>
        {
            var chimes = Chimes(5);
            db.AddRange(chimes);
            foreach (var chime in chimes)
                chime.Name += " again";
            await session.SaveAsync(Ct);
            await session.SaveAsync(Ct);
            foreach (var chime in chimes)
                chime.Weight = 7;
            await session.SaveAsync(Ct);
            chimes[0].Weight = 8;
        });

        var read = await ReadAsync(tower);
        read.Select(c => c.Weight).ShouldBe([8, 7, 7, 7, 7]);
        read.Select(c => c.Version).ShouldBe([3, 2, 2, 2, 2]);
    }

    [Fact]
    public async Task A_row_that_was_changed_meanwhile_stops_them_all()
    {
        var tower = await ChimesAsync();
        await InTransactionAsync(tower, db => db.AddRange(Chimes(5)));

        await Should.ThrowAsync<DbUpdateConcurrencyException>(() => InTransactionAsync(tower, async db =>
        {
            var chimes = await db.Set<Chime>().ToListAsync();
            await tower.ScalarAsync<object?>("update bells.chimes set version = version + 1 where name = 'chime 3'");
            foreach (var chime in chimes)
                chime.Weight = 7;
        }));

        (await ReadAsync(tower)).ShouldAllBe(c => c.Weight != 7);
    }

    [Fact]
    public async Task New_rows_that_others_of_them_refer_to_come_first()
    {
        var tower = await ChimesAsync();

        await InTransactionAsync(tower, db =>
        {
            var bells = Enumerable.Range(0, 5).Select(i => new Bell { Id = Id.NewGuid(At), Name = $"bell {i}" }).ToList();
            db.AddRange(bells.Select((b, i) => new Chime { Id = Id.NewGuid(At), Name = $"chime {i}", BellId = b.Id }));
            db.AddRange(bells);
        });

        (await tower.ScalarAsync<long>("select count(*) from bells.chimes join bells.bells b on b.id = bell_id")).ShouldBe(5);
    }

    [Fact]
    public async Task Rows_that_make_room_for_new_ones_go_first()
    {
        var tower = await ChimesAsync();
        await InTransactionAsync(tower, db => db.AddRange(Chimes(5)));

        await InTransactionAsync(tower, async db =>
        {
            var old = await db.Set<Chime>().ToListAsync();
            db.AddRange(Chimes(5));
            db.RemoveRange(old);
        });

        (await ReadAsync(tower)).Count.ShouldBe(5);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static List<Chime> Chimes(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new Chime
        {
            Id = Id.NewGuid(At.AddSeconds(i)),
            Name = $"chime {i}",
            Pitch = Pitch.High,
            Weight = i % 3 == 0 ? null : i + 0.25m,
            On = i % 2 == 0 ? i : null,
            Cast = i % 4 == 0 ? null : new DateOnly(2026, 1, 1).AddDays(i),
            RangAt = i % 5 == 0 ? null : At.AddHours(i),
            Notes = i == 0 ? [] : ["it's", "\"a\""],
        }),
    ];

    private static string Shown(Chime c) => $"{c.Name} {c.Pitch} {c.Weight:0.##} {c.On} {c.Cast:O} {c.RangAt:O} {string.Join(',', c.Notes)}";

    private async Task<Tower> ChimesAsync()
    {
        var tower = Open();
        await tower.ScalarAsync<object?>(
            """
            create table bells.chimes (
                id uuid primary key, name text not null unique, bell_id uuid references bells.bells (id), pitch text not null,
                weight numeric(10, 2), "on" int, "cast" date,
                rang_at timestamptz, notes jsonb not null, version int not null)
            """);
        return tower;
    }

    private static async Task<List<Chime>> ReadAsync(Tower tower)
    {
        await using var scope = tower.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<BellsDb>().Set<Chime>().OrderBy(c => c.Id).ToListAsync(Ct);
    }

    private static Task InTransactionAsync(Tower tower, Action<BellsDb> change) => InTransactionAsync(tower, db =>
    {
        change(db);
        return Task.CompletedTask;
    });

    private static Task InTransactionAsync(Tower tower, Func<BellsDb, Task> change) => InTransactionAsync(tower, (db, _) => change(db));

    private static async Task InTransactionAsync(Tower tower, Func<BellsDb, DbSession, Task> change)
    {
        await using var scope = tower.Services.CreateAsyncScope();
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(Ct);
        await change(scope.ServiceProvider.GetRequiredService<BellsDb>(), session);
        await session.SaveAsync(Ct);
        await session.CommitAsync(Ct);
    }
}

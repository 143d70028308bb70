using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Kernel.Tests.Requests;

public sealed class TogetherQueueTests : TowerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task What_meets_somebody_else_comes_again_with_the_next_ones(int laters)
    {
        var (queue, answers) = Queue([.. Enumerable.Repeat(Together<Result<Done>>.Later, laters), Together<Result<Done>>.Done(Refused, "")]);

        (await queue.SendAsync(new Ring(), new Principal(), Ct)).Response.Refusal.ShouldBe(Refused);

        answers.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_meets_somebody_else_goes_by_itself_after_four_times()
    {
        var (queue, answers) = Queue([.. Enumerable.Repeat(Together<Result<Done>>.Later, 5)]);

        (await queue.SendAsync(new Ring(), new Principal(), Ct)).Turn.ShouldBe(Turn.Alone);

        answers.Count.ShouldBe(1);
    }

    [Fact]
    public async Task What_fails_goes_by_itself_to_be_told_of_its_own_trouble()
    {
        // It finds no answer for itself.
        var (queue, _) = Queue([]);

        (await queue.SendAsync(new Ring(), new Principal(), Ct)).Turn.ShouldBe(Turn.Alone);
    }

    [Fact]
    public async Task A_database_that_is_away_is_told_and_not_asked_once_more_for_each()
    {
        await using var away = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Timeout=5");
        var (queue, _) = Queue([Together<Result<Done>>.Done(Refused, "")], away);

        await Should.ThrowAsync<NpgsqlException>(() => queue.SendAsync(new Ring(), new Principal(), Ct));
    }

    private static Refusal Refused { get; } = new(RefusalKind.Conflict, "rung", "It rings.");

    private (TogetherQueue<Ring, Result<Done>> Queue, Queue<Together<Result<Done>>> Answers) Queue(
        Together<Result<Done>>[] answers, NpgsqlDataSource? database = null)
    {
        var waiting = new Queue<Together<Result<Done>>>(answers);
        var tower = Open(more: services => services.AddScoped<IHandleTogether<Ring, Result<Done>>>(_ => new Handler(waiting)));
        var scopes = tower.Services.GetRequiredService<IServiceScopeFactory>();
        return (new(scopes, new GatheredDatabase(database ?? tower.Database), TimeProvider.System), waiting);
    }

    private sealed record Ring : ICommand<Done>, ITogether
    {
        public bool GoesAlone => false;
    }

    private sealed class Handler(Queue<Together<Result<Done>>> answers) : IHandleTogether<Ring, Result<Done>>
    {
        public Task HoldAsync(IReadOnlyList<Ring> requests, CancellationToken ct) => Task.CompletedTask;

        public Task<Together<Result<Done>>> HandleAsync(Ring request, CancellationToken ct) => Task.FromResult(answers.Dequeue());
    }
}

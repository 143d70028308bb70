using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.EntitlementChecks;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.EntitlementChecks;

/// <summary>Checks that are read for together.</summary>
public sealed class EntitlementReadsTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact]
    public async Task What_is_wrong_with_one_tenant_is_told_to_nobody_else()
    {
        var (broken, branch) = (await app.BranchAsync(), await app.BranchAsync());
        await SubscribedAsync(broken, Asked(broken, await app.PlanAsync(broken)));
        var id = (await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)))).IdOf();
        await BreakAsync(broken.Tenant);
        var reads = app.Services.GetRequiredService<EntitlementReads>();

        var (first, wrong, right) = await app.InAsync<NpgsqlDataSource, (Task, Task, Task<IReadOnlyList<HeldSubscription>>)>(async database =>
        {
            // Nothing is read while the table is locked: those that ask after the first are read for together.
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var locked = await connection.BeginTransactionAsync(Ct);
            await using var command = new NpgsqlCommand("lock table provisioning.subscriptions in access exclusive mode", connection, locked);
            await command.ExecuteNonQueryAsync(Ct);
            var asked = ((Task)reads.OfAsync(branch.Tenant.Id, Ct), (Task)reads.OfAsync(broken.Tenant.Id, Ct), reads.OfAsync(branch.Tenant.Id, Ct));
            await locked.CommitAsync(Ct);
            return asked;
        });

        await first;
        (await right).ShouldHaveSingleItem().Id.Value.ShouldBe(id);
        await Should.ThrowAsync<InvalidCastException>(wrong);
    }

    [Fact]
    public async Task A_check_that_cannot_be_read_costs_a_few_reads_and_not_one_for_each()
    {
        var reads = new List<int>();

        var results = await EntitlementReads.InHalvesAsync<int, string>([.. Enumerable.Range(0, 100)], some =>
        {
            reads.Add(some.Count);
            return some.Contains(37) ? throw new InvalidCastException() : Task.FromResult<IReadOnlyList<string>>([.. some.Select(i => $"{i}")]);
        });

        results.ShouldBe(Enumerable.Range(0, 100).Select(i => i == 37 ? null : $"{i}"));
        reads.Count.ShouldBeLessThanOrEqualTo(15);
    }

    [Fact]
    public async Task A_database_that_is_away_is_asked_once()
    {
        var reads = 0;

        await Should.ThrowAsync<NpgsqlException>(() => EntitlementReads.InHalvesAsync<int, string>([1, 2, 3], _ =>
        {
            reads++;
            throw new NpgsqlException("Away.", new IOException());
        }));

        reads.ShouldBe(1);
    }

    private Task<int> BreakAsync(OrganizationRef tenant) => app.InAsync<SchemaOwner, int>(async owner =>
    {
        await using var command = owner.Database.CreateCommand(
            $"""
            alter table provisioning.subscriptions alter owner_path drop not null;
            update provisioning.subscriptions set owner_path = null where tenant_id = '{tenant.Id.Value}'
            """);
        return await command.ExecuteNonQueryAsync(Ct);
    });
}

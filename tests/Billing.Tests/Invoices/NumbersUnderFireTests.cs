using System.Net;
using Licensing.Billing.Contracts;
using Licensing.Billing.Invoices;
using Licensing.Billing.Tests.Exports;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>F37 and F38: who issues aborts at random; credit notes, refunds and voids race for what is left.</summary>
public sealed class NumbersUnderFireTests(BillingApp app) : IClassFixture<BillingApp>
{
    [Fact, Trait("Fault", "F37")]
    public async Task F37_thirty_two_issue_at_once_and_abort_at_random_and_no_number_is_missing_or_used_twice()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("fire", [Flat("base", "10")]);
        using var platform = branch.Administrator();
        for (var round = 0; round < FaultLength.Times(inTests: 1, inFaults: 36); round++)
        {
            var month = $"{new DateOnly(2020, 1, 1).AddMonths(round):yyyy-MM}";
            for (var i = 0; i < 32; i++)
                app.Subscribe(await app.TenantAsync(branch.Platform, branch.Partner), plan, month);
            await app.BillAsync(month, issue: false);
            var drafts = (await ItemsAsync(platform, $"/api/v1/invoices?period={month}&limit=200"))
                .Select(x => x.GetProperty("id").GetGuid()).ToList();
            drafts.Count.ShouldBe(32);

            // Each fails once or twice, in one of three ways, before it commits.
            var aborted = 0;
            await Task.WhenAll(drafts.Select(async (draft, i) =>
            {
                var random = new Random(32 * round + i);
                for (var left = random.Next(1, 3); left > 0; left--)
                {
                    await IssueAsync(branch.Platform, draft, (Abort)random.Next(1, 4));
                    Interlocked.Increment(ref aborted);
                }

                await IssueAsync(branch.Platform, draft, Abort.No);
            }));

            aborted.ShouldBeGreaterThanOrEqualTo(32);
            (await ItemsAsync(platform, $"/api/v1/invoices?period={month}&status=issued&limit=200")).Count.ShouldBe(32);
        }

        // That no number is missing the checker finds out.
        (await JournalTests.VerifyAsync(app)).ShouldBeEmpty();
        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);
    }

    [Fact, Trait("Fault", "F38")]
    public async Task F38_what_is_credited_refunded_and_voided_at_once_is_bounded_by_what_is_left()
    {
        var branch = await app.BranchAsync();
        var (paid, _) = await app.InvoiceAsync(branch, "2023-02", issue: true, "100", "50");
        using var platform = branch.Administrator();
        await Sent(await platform.PayAsync(paid, "180.00", "in"));

        // 40 of 100 fit twice, the second line once, all that is left once; refunds of 48 fit as long as so much was credited.
        var sent = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => (i % 4) switch
        {
            0 => platform.CreditAsync(paid, (1, "40.00")),
            1 => platform.CreditAsync(paid, (2, null)),
            2 => platform.PayAsync(paid, "-48.00", $"back-{i}"),
            _ => VoidInvoiceTests.VoidAsync(platform, paid),
        }));
        sent.ShouldAllBe(x => x.StatusCode == HttpStatusCode.Created || x.StatusCode == HttpStatusCode.Conflict
            || x.StatusCode == HttpStatusCode.UnprocessableEntity);
        var notes = (await ItemsAsync(platform, $"{paid}/credit-notes")).Select(x => x.Amount("total")).Order(StringComparer.Ordinal);
        notes.ShouldBe(["48.00", "48.00", "60.00"]);
        var after = await GetAsync(platform, paid);
        (after.Amount("credited"), decimal.Parse(after.Amount("open")) <= 0, after.Text("status")).ShouldBe(("156.00", true, "Paid"));

        // And of one that nobody has paid either all is voided or all is credited, and nothing twice.
        var (unpaid, _) = await app.InvoiceAsync(branch, "2023-03", issue: true, "100", "50");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => i % 2 == 0
            ? VoidInvoiceTests.VoidAsync(platform, unpaid) : platform.CreditInFullAsync(unpaid)));
        (await GetAsync(platform, unpaid)).Amount("credited").ShouldBe("180.00");
        (await ItemsAsync(platform, $"{unpaid}/credit-notes")).Sum(x => decimal.Parse(x.Amount("total"))).ShouldBe(180.00m);
        (await JournalTests.VerifyAsync(app)).ShouldBeEmpty();
        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);
    }

    private enum Abort { No, RollBack, Fail, Die }

    private async Task IssueAsync(OrganizationRef seller, Guid draft, Abort abort)
    {
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        var session = scope.ServiceProvider.GetRequiredService<DbSession>();
        await session.BeginAsync(CancellationToken.None);
        (await scope.ServiceProvider.GetRequiredService<InvoiceIssuing>().IssueAsync(seller, new InvoiceId(draft), CancellationToken.None))
            .ShouldBeTrue();
        await session.SaveAsync(CancellationToken.None);
        switch (abort)
        {
            case Abort.No:
                await session.CommitAsync(CancellationToken.None);
                return;
            case Abort.Fail:
                await using (var failing = new NpgsqlCommand("select 1 / 0", session.Connection))
                    await Should.ThrowAsync<PostgresException>(() => failing.ExecuteNonQueryAsync());
                break;
            case Abort.Die:
                await using (var dying = new NpgsqlCommand("select pg_terminate_backend(pg_backend_pid())", session.Connection))
                    await Should.ThrowAsync<NpgsqlException>(() => dying.ExecuteNonQueryAsync());
                break;
        }

        await session.RollbackAsync();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Users;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>What a log-in costs, counted in statements and hashes: whoever measures it must not learn who exists.</summary>
public sealed class LoginCostTests(LoginCostTests.CountedHashes app) : IClassFixture<LoginCostTests.CountedHashes>
{
    /// <summary>The framework's hasher, and how often it was asked.</summary>
    public sealed class CountedHashes : App
    {
        private int _hashes;

        public int Hashes => _hashes;

        protected override void Configure(WebApplicationBuilder builder)
        {
            builder.Services.RemoveAll<IPasswordHasher<User>>();
            builder.Services.AddSingleton<IPasswordHasher<User>>(
                services => new Counting(this, new PasswordHasher<User>(services.GetRequiredService<IOptions<PasswordHasherOptions>>())));
        }

        private sealed class Counting(CountedHashes app, PasswordHasher<User> inner) : IPasswordHasher<User>
        {
            public string HashPassword(User user, string password)
            {
                Interlocked.Increment(ref app._hashes);
                return inner.HashPassword(user, password);
            }

            public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
            {
                Interlocked.Increment(ref app._hashes);
                return inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
            }
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unknown_wrong_locked_and_disabled_cost_the_same()
    {
        var branch = await app.BranchAsync();
        var wrong = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var locked = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var disabled = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        using var administrator = branch.Administrator();
        (await administrator.PostAsync($"/api/v1/users/{disabled.Id}/disable", body: null)).StatusCode.ShouldBe(HttpStatusCode.OK);
        var nobody = locked with { Email = "locked-nobody@example.com" };
        for (var i = 0; i < 10; i++)
        {
            (await locked.TryLoginAsync("not the password")).Dispose();
            (await nobody.TryLoginAsync("not the password")).Dispose();
        }

        var known = await CostAsync(wrong.Email);
        known.Hashes.ShouldBe(1);
        known.Statements.Count.ShouldBe(4);
        foreach (var email in new[] { "nobody-known@example.com", disabled.Email })
            ShouldCostTheSame(await CostAsync(email), known, email);
        // A lock is cheaper, and just so for a name that nobody has.
        ShouldCostTheSame(await CostAsync(locked.Email), await CostAsync(nobody.Email), "locked");
    }

    private static void ShouldCostTheSame((int Hashes, List<string> Statements) cost, (int Hashes, List<string> Statements) other, string who)
    {
        cost.Hashes.ShouldBe(other.Hashes, who);
        cost.Statements.ShouldBe(other.Statements, who);
    }

    [Fact]
    public async Task A_password_is_hashed_anew_when_the_setting_rose_and_log_ins_at_once_all_succeed()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Tenant, Roles.TenantAdministrator);
        var weak = new PasswordHasher<User>(Options.Create(new PasswordHasherOptions { IterationCount = 10 })).HashPassword(null!, person.Password);
        await HashAsync(person, weak);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => person.TryLoginAsync()));
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK);
        await person.LoginAsync();

        var strong = await HashAsync(person, null);
        strong.ShouldNotBe(weak);
        await person.LoginAsync();
        (await HashAsync(person, null)).ShouldBe(strong);
        (await person.TryLoginAsync("not the password")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    // Statements of one request are those of its trace.
    private async Task<(int Hashes, List<string> Statements)> CostAsync(string email)
    {
        var trace = ActivityTraceId.CreateRandom();
        var statements = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.TraceId == trace && (activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")) is string sql)
                    statements.Enqueue(sql);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var before = app.Hashes;
        using var client = app.Anonymous();
        client.DefaultRequestHeaders.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        using var answer = await client.PostAsync("/api/v1/auth/login", new { email, password = "not the password" });
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        return (app.Hashes - before, [.. statements]);
    }

    private Task<string> HashAsync(Person person, string? hash) => app.InAsync<NpgsqlDataSource, string>(async database =>
    {
        await using var command = database.CreateCommand(
            "update identity.users set password_hash = coalesce($2, password_hash) where id = $1 returning password_hash");
        command.Parameters.Add(new() { Value = person.Id });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)hash ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    });
}

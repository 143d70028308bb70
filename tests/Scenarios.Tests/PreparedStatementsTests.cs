using Licensing.Host.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Scenarios.Tests;

/// <summary>What is made of the connection string that an operator gives.</summary>
public sealed class PreparedStatementsTests
{
    [Theory]
    [InlineData("", 200, true)]
    [InlineData(";Max Auto Prepare=50", 50, true)]
    // As an operator says it whose pooler cannot keep prepared statements.
    [InlineData(";Max Auto Prepare=0", 0, false)]
    [InlineData(";MaxAutoPrepare=0", 0, false)]
    public async Task Statements_are_prepared_unless_the_connection_string_says_otherwise(string said, int prepared, bool kept)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["Database:ApplicationRole"] = "false";
        await builder.AddDataSourceAsync("Host=localhost;Username=nobody" + said, _ => { }, TestContext.Current.CancellationToken);
        await using var services = builder.Services.BuildServiceProvider();

        var used = new NpgsqlConnectionStringBuilder(services.GetRequiredService<NpgsqlDataSource>().ConnectionString);

        (used.MaxAutoPrepare, used.NoResetOnClose).ShouldBe((prepared, kept));
    }
}

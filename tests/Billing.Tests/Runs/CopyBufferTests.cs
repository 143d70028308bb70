using Licensing.Billing.Runs;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Runs;

/// <summary>What the server reads is what was written.</summary>
public sealed class CopyBufferTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Numbers_arrive_with_every_digit_and_their_scale()
    {
        var numbers = new List<decimal>
        {
            0m, 0.00m, 1m, -1m, 10.00m, 0.01m, -0.0001m, 0.00001m, 9999m, 10000m, 10000.0001m, 99999999.99999999m, 12345678901234567890.12345678m,
            decimal.MaxValue, decimal.MinValue, 0.0000000000000000000000000001m, 7922816251426433.7593543950335m, 100000000m, 18446744073709551616m,
        };
        var random = new Random(20_261_122);
        for (var i = 0; i < 500; i++)
            numbers.Add(new decimal(random.Next(), random.Next(), i % 3 == 0 ? 0 : random.Next(), i % 2 == 0, (byte)random.Next(29)));
        var rows = new CopyBuffer();
        var guid = Guid.Parse("01890000-0102-7304-8506-0708090a0b0c");
        var at = new DateTimeOffset(2026, 1, 15, 9, 8, 7, 654, TimeSpan.Zero);
        for (var i = 0; i < numbers.Count; i++)
        {
            rows.Row(8);
            rows.Integer(i);
            rows.Numeric(numbers[i]);
            rows.Uuid(guid);
            rows.Date(new DateOnly(1999, 12, 31).AddDays(i));
            rows.Timestamp(at);
            rows.Text("Größe €");
            rows.Jsonb("""{"a":"1"}"""u8);
            rows.Null();
        }

        await using var connection =
            await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using (var create = new NpgsqlCommand(
            "create temp table t (i int, n numeric, u uuid, d date, a timestamptz, x text, j jsonb, nothing text)", connection))
            await create.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using (var copy = await connection.BeginRawBinaryCopyAsync("copy t from stdin (format binary)", TestContext.Current.CancellationToken))
            await copy.WriteAsync(rows.End(), TestContext.Current.CancellationToken);
        await using var select = new NpgsqlCommand("select n::text, u, d, a, x, j::text, nothing from t order by i", connection);
        await using var found = await select.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        for (var i = 0; i < numbers.Count; i++)
        {
            (await found.ReadAsync(TestContext.Current.CancellationToken)).ShouldBeTrue();
            found.GetString(0).ShouldBe(numbers[i].ToString(System.Globalization.CultureInfo.InvariantCulture));
            (found.GetGuid(1), found.GetFieldValue<DateOnly>(2), found.GetFieldValue<DateTimeOffset>(3), found.GetString(4), found.GetString(5),
                found.IsDBNull(6)).ShouldBe((guid, new DateOnly(1999, 12, 31).AddDays(i), at, "Größe €", """{"a": "1"}""", true));
        }

        (await found.ReadAsync(TestContext.Current.CancellationToken)).ShouldBeFalse();
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Npgsql;

namespace Licensing.Scenarios.Tests.Letters;

/// <summary>A process that dies when a letter is handed over and nobody has noted it yet.</summary>
public sealed class KilledLetterTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_letter_handed_over_but_not_noted_goes_out_again_and_its_token_is_good_once()
    {
        var folder = Directory.CreateTempSubdirectory("licensing-letters-").FullName;
        var letters = Path.Combine(folder, "letters");
        var database = await TestPostgres.CreateEmptyAsync(Ct);
        try
        {
            var environment = new Dictionary<string, string>
            {
                ["LICENSING_POSTGRES"] = database,
                ["Mail__PickupFolder"] = letters,
                ["Messaging__Lease"] = "00:00:02",
                ["Platform__AdministratorPassword"] = App.AdministratorPassword,
            };
            using (var host = HostProcess.Serve(folder, new Dictionary<string, string>(environment) { ["LICENSING_FAULT"] = "message.handled:1" }))
            {
                var address = await AddressAsync(host);
                await AskAsync<object>(database, "update identity.users set must_change_password = false returning 1");
                using var administrator = await LogInAsync(address);
                await InviteAsync(administrator, await AskAsync<Guid>(database, "select id from identity.organizations where kind = 'Platform'"));
                (await host.EndAsync(Ct)).ShouldNotBe(0, $"it was not killed: {host.Output}");
            }

            // The first copy is on its way to the reader.
            var first = Directory.GetFiles(letters).ShouldHaveSingleItem();
            var (number, text) = (Path.GetFileName(first), await File.ReadAllTextAsync(first, Ct));
            File.Delete(first);
            (await WaitingAsync(database)).ShouldBe(1);

            using (var host = HostProcess.Serve(folder, environment))
            {
                var address = await AddressAsync(host);
                await Eventually.TrueAsync(async () => await WaitingAsync(database) == 0);

                // The same letter to whoever receives it: one number, one token.
                var second = Directory.GetFiles(letters).ShouldHaveSingleItem();
                Path.GetFileName(second).ShouldBe(number);
                TokenIn(await File.ReadAllTextAsync(second, Ct)).ShouldBe(TokenIn(text));

                using var anyone = new HttpClient { BaseAddress = address };
                (await ActivateAsync(anyone, TokenIn(text))).ShouldBe(HttpStatusCode.NoContent);
                (await ActivateAsync(anyone, TokenIn(text))).ShouldBe(HttpStatusCode.UnprocessableEntity);
                await host.KillAsync(Ct);
            }
        }
        finally
        {
            await TestPostgres.DropAsync(database);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Uri> AddressAsync(HostProcess host) =>
        new((await host.LineAsync("listens on", Ct)).Split("listens on ")[1].Split(';')[0]);

    private static async Task<HttpClient> LogInAsync(Uri address)
    {
        var client = new HttpClient { BaseAddress = address };
        using var answer = await client.PostAsJsonAsync(
            "/api/v1/auth/login", new { email = App.AdministratorEmail, password = App.AdministratorPassword }, Ct);
        answer.EnsureSuccessStatusCode();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", (await answer.JsonAsync()).GetProperty("accessToken").GetString());
        return client;
    }

    private static async Task InviteAsync(HttpClient administrator, Guid organizationId)
    {
        try
        {
            using var answer = await administrator.PostAsJsonAsync("/api/v1/users",
                new { email = "ada@platform.example", displayName = "Ada", organizationId, role = "PlatformReader", invite = true }, Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Ct));
        }
        catch (HttpRequestException)
        {
            // The letter may be faster than the answer, and the process gone with it.
        }
    }

    private static async Task<HttpStatusCode> ActivateAsync(HttpClient client, string token)
    {
        using var answer = await client.PostAsJsonAsync("/api/v1/auth/activation", new { token, password = "a password of my own" }, Ct);
        return answer.StatusCode;
    }

    private static Task<long> WaitingAsync(string database) =>
        AskAsync<long>(database, "select count(*) from identity.outbox where name = 'kernel.letter-posted.v1'");

    private static async Task<T> AskAsync<T>(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Ct))!;
    }

    // Out of the transfer encoding, whose lines end where it wants.
    private static string TokenIn(string letter)
    {
        var text = letter.Contains("base64", StringComparison.OrdinalIgnoreCase)
            ? System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(letter.Split("\r\n\r\n", 2)[1].ReplaceLineEndings("")))
            : letter.Replace("=\r\n", "", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
        return text.Split("#token=")[1].Split(['\r', '\n'])[0].Trim();
    }
}
